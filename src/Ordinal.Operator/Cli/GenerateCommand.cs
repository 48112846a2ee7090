using System.CommandLine;

namespace Ordinal.Operator.Cli;

/// <summary><c>ordinal generate DIR</c>: writes what is made from the code into a working copy.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var root = new Argument<DirectoryInfo>("directory") { Description = "The repository's root." };
        var command = new Command("generate", "Write the files that are made from the code: CRDs, RBAC and reference pages.") { root };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var directory = parsed.GetRequiredValue(root);
            foreach (var (path, content) in GeneratedFiles.All())
            {
                var file = Path.Combine(directory.FullName, path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await File.WriteAllTextAsync(file, content, cancellationToken);
                await parsed.InvocationConfiguration.Output.WriteLineAsync(path);
            }

            return ExitCodes.Success;
        });
        return command;
    }
}

/// <summary><c>ordinal crd</c>: prints the CustomResourceDefinitions.</summary>
internal static class CrdCommand
{
    public static Command Create()
    {
        var command = new Command("crd", "Print the CustomResourceDefinitions, for kubectl apply -f -.");
        command.SetAction(async (parsed, _) =>
        {
            foreach (var kind in GeneratedFiles.Kinds)
            {
                await parsed.InvocationConfiguration.Output.WriteAsync("---\n" + GeneratedFiles.Crd(kind));
            }

            return ExitCodes.Success;
        });
        return command;
    }
}

/// <summary><c>ordinal rbac</c>: prints the role that the operator needs.</summary>
internal static class RbacCommand
{
    public static Command Create()
    {
        var command = new Command("rbac", "Print the ClusterRole that the operator needs.");
        command.SetAction(async (parsed, _) =>
        {
            await parsed.InvocationConfiguration.Output.WriteAsync(GeneratedFiles.Role());
            return ExitCodes.Success;
        });
        return command;
    }
}
