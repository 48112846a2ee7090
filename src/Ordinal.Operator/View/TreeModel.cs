using System.Collections.Immutable;

namespace Ordinal.Operator.View;

/// <summary>How something is. Each has an icon and, in the STATUS column, a word: state is never colour alone.</summary>
public enum Mark
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>In work.</summary>
    Busy,

    /// <summary>Its turn comes later.</summary>
    Waiting,

    /// <summary>Failed, or needs a human.</summary>
    Bad,
}

/// <summary>One line of the tree.</summary>
public sealed record TreeNode(Mark Mark, string Name, string Kind, string Status)
{
    public string Revision { get; init; } = "";

    public string Ready { get; init; } = "";

    public string Age { get; init; } = "";

    public string Info { get; init; } = "";

    public ImmutableArray<TreeNode> Children { get; init; } = [];
}

/// <summary>One line above the tree: a name and its words.</summary>
public readonly record struct HeaderLine(string Name, string Text);

/// <summary>One event below the tree.</summary>
public readonly record struct EventLine(string Age, string Type, string Reason, string About, string Message);

/// <summary>What is on the screen, in values: the renderer decides about places, icons and colours only.</summary>
public sealed record TreeModel
{
    public ImmutableArray<HeaderLine> Header { get; init; } = [];

    public ImmutableArray<TreeNode> Roots { get; init; } = [];

    /// <summary>Gets the newest events, newest first.</summary>
    public ImmutableArray<EventLine> Events { get; init; } = [];

    /// <summary>Gets the last line; empty for none.</summary>
    public string Footer { get; init; } = "";
}
