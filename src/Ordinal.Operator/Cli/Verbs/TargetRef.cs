using k8s.Models;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>What kind of object a word on the command line names.</summary>
internal enum TargetKind
{
    /// <summary>The word is a bare name.</summary>
    Any,
    Policy,
    Rollout,
    StatefulSet,
}

/// <summary>An object as people name it: <c>rop/kafka</c>, <c>stsr/kafka-7f9c6</c>, <c>sts/kafka</c>, or a bare name.</summary>
internal sealed record TargetRef(TargetKind Kind, string Name)
{
    public static ResourceKind Policies { get; } = ResourceKind.Of<V1Alpha1RolloutPolicy>();

    public static ResourceKind Rollouts { get; } = ResourceKind.Of<V1Alpha1StatefulSetRollout>();

    public static ResourceKind StatefulSets { get; } = ResourceKind.Of<V1StatefulSet>();

    /// <summary>Reads a word.</summary>
    /// <exception cref="CliProblem">The kind is none that we know, or the name is empty.</exception>
    public static TargetRef Parse(string word)
    {
        var slash = word.IndexOf('/', StringComparison.Ordinal);
        var name = word[(slash + 1)..];
        if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal))
        {
            throw CliProblem.Usage($"\"{word}\" names no object; write rop/NAME, stsr/NAME, sts/NAME or a bare name, and the namespace with -n.");
        }

        return slash < 0 ? new TargetRef(TargetKind.Any, name) : new TargetRef(KindOf(word[..slash], word), name);
    }

    private static TargetKind KindOf(string kind, string word)
    {
        if (Is(kind, Policies, "rop"))
        {
            return TargetKind.Policy;
        }

        if (Is(kind, Rollouts, "stsr"))
        {
            return TargetKind.Rollout;
        }

        return Is(kind, StatefulSets, "sts")
            ? TargetKind.StatefulSet
            : throw CliProblem.Usage($"\"{word}\" is of a kind that has no rollouts; write rop/NAME, stsr/NAME or sts/NAME.");
    }

    /// <summary>Takes the short name, the kind, its plural, and either with the group, as <c>kubectl -o name</c> prints it.</summary>
    private static bool Is(string word, ResourceKind kind, string shortName)
    {
        var bare = word.EndsWith("." + kind.Group, StringComparison.OrdinalIgnoreCase) ? word[..^(kind.Group.Length + 1)] : word;
        return bare.Equals(shortName, StringComparison.OrdinalIgnoreCase)
            || bare.Equals(kind.Kind, StringComparison.OrdinalIgnoreCase)
            || bare.Equals(kind.Plural, StringComparison.OrdinalIgnoreCase);
    }
}
