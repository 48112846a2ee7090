using System.CommandLine;
using Ordinal.Operator.Cli;

// Passes under way come to an end and the lease is given back; two seconds, the default, may be too short for both.
return await CommandRoot.RunAsync(args, new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) }, CancellationToken.None);
