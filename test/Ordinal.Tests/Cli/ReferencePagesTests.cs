using System.CommandLine;
using NUnit.Framework;
using Ordinal.Operator.Cli;

namespace Ordinal.Tests.Cli;

/// <summary>The page of the command line says what <c>--help</c> says.</summary>
public sealed class ReferencePagesTests
{
    [Test]
    public void A_command_has_its_arguments_and_the_options_of_those_above_it()
    {
        var low = new Command("low", "Does it.") { new Argument<string>("what") { Description = "This|that." }, new Argument<string?>("where") { Arity = ArgumentArity.ZeroOrOne, Description = "Here when absent." } };
        var high = new Command("high", "Holds it.") { low, new Option<string?>("--for-all") { Recursive = true, Description = "Of all below." }, new Option<string?>("--own") { Description = "Only here." } };
        var page = ReferencePages.CommandLine(new Command("root", "Words.") { high });
        var section = page[page.IndexOf("## ordinal high low", StringComparison.Ordinal)..page.IndexOf("## Exit codes", StringComparison.Ordinal)];
        Assert.That(section, Is.EqualTo("""
            ## ordinal high low WHAT [WHERE]

            Does it.

            | Argument | Meaning |
            | --- | --- |
            | `WHAT` | This\|that. |
            | `[WHERE]` | Here when absent. |

            | Option | Default | Meaning |
            | --- | --- | --- |
            | `--for-all` |  | Of all below. |


            """.ReplaceLineEndings("\n")));
    }
}
