using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>What the program is called by whoever started it: <c>ordinal</c>, or <c>kubectl ordinal</c> through the shim <c>kubectl-ordinal</c>.</summary>
internal static class CommandName
{
    /// <summary>Set by the shim.</summary>
    private const string Variable = "ORDINAL_COMMAND_NAME";

    private const string Own = "ordinal";

    /// <summary>Gets the words to type.</summary>
    public static string Text => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? name : Own;

    /// <summary>Lets the help of a command and all below it say these words.</summary>
    public static void Apply(RootCommand root)
    {
        var name = Text;
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            if (name != Own && help.Action is SynchronousCommandLineAction inner)
            {
                help.Action = new NamedHelp(inner, RootCommand.ExecutableName, name);
            }
        }
    }

    /// <summary>Help in which the program has another name. A command's own name cannot have a blank in it, so it is replaced in the text.</summary>
    private sealed class NamedHelp(SynchronousCommandLineAction inner, string own, string name) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var output = parseResult.InvocationConfiguration.Output;
            using var text = new StringWriter { NewLine = output.NewLine };
            parseResult.InvocationConfiguration.Output = text;
            try
            {
                return inner.Invoke(parseResult);
            }
            finally
            {
                parseResult.InvocationConfiguration.Output = output;
                output.Write(text.ToString().Replace($"  {own} ", $"  {name} ", StringComparison.Ordinal));
            }
        }
    }
}
