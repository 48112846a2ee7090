using System.CommandLine;
using Ordinal.Operator.Cli;

// Passes under way come to an end and the lease is given back; two seconds, the default, may be too short for both.
return await CommandRoot.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
