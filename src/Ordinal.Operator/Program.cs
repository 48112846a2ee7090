using System.CommandLine;
using Ordinal.Operator.Cli;

// Passes under way come to an end and the lease is given back; two seconds, the default, may be too short for both.
var parsed = CommandRoot.Create().Parse(args);
var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });

// The library ends with 1 after a command line that it could not read; that code is for rollouts that failed.
return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
