using System.Globalization;

namespace Ordinal.ControlPlane.Nodes.Network;

/// <summary>
/// Gives out the last number of the addresses in a cluster's 127.x.y.0/24. A pod says its own by an annotation, so that a manifest
/// can name a member's address before the member exists:
/// <list type="bullet">
/// <item><c>ordinal.dev/host: "21"</c> is exactly that number;</item>
/// <item><c>ordinal.dev/host-base: "10"</c> is that number plus the pod's ordinal, since the pods of a StatefulSet share one template.</item>
/// </list>
/// 1 to 9 belong to the control plane and its nodes; a pod may ask for 10 to 254. A pod that does not ask gets the lowest free one from
/// 100 on, and only when those are gone the highest free one below, so that it rarely sits where another is meant to come.
/// Not safe for concurrent use.
/// </summary>
public sealed class HostParts
{
    /// <summary>Annotation with the exact host part.</summary>
    public const string HostAnnotation = "ordinal.dev/host";

    /// <summary>Annotation with the host part of ordinal 0.</summary>
    public const string HostBaseAnnotation = "ordinal.dev/host-base";

    /// <summary>The lowest number that a pod may have.</summary>
    public const int Lowest = 10;

    /// <summary>The highest number that a pod may have.</summary>
    public const int Highest = 254;

    private const int FirstUnasked = 100;
    private readonly string?[] _owners = new string?[256];

    /// <summary>Reads which number a pod asks for.</summary>
    /// <param name="podName">Name of the pod; its trailing number is the ordinal.</param>
    /// <param name="annotation">Answers an annotation of the pod, or null.</param>
    /// <param name="host">The number; null when the pod does not ask.</param>
    /// <returns>Null, or what is wrong with the annotations, with the remedy.</returns>
    public static string? Wanted(string podName, Func<string, string?> annotation, out int? host)
    {
        ArgumentNullException.ThrowIfNull(podName);
        ArgumentNullException.ThrowIfNull(annotation);
        host = null;
        if (annotation(HostAnnotation) is { } exact)
        {
            return Read(HostAnnotation, exact, 0, out host);
        }

        if (annotation(HostBaseAnnotation) is not { } text)
        {
            return null;
        }

        var digits = podName.Length;
        while (digits > 0 && char.IsAsciiDigit(podName[digits - 1]))
        {
            digits--;
        }

        return digits > 0 && podName[digits - 1] == '-'
               && int.TryParse(podName[digits..], NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
            ? Read(HostBaseAnnotation, text, ordinal, out host)
            : $"annotation {HostBaseAnnotation} needs a pod name that ends in an ordinal, such as web-0; use {HostAnnotation} instead";
    }

    /// <summary>Takes a number for an owner, who keeps it until <see cref="Release"/>. Taking again answers the same.</summary>
    /// <param name="owner">Who takes it: a pod's UID.</param>
    /// <param name="wanted">The number asked for, in 10 to 254, or null for a free one.</param>
    /// <returns>The number, or null when it is taken or none is free.</returns>
    public int? Take(string owner, int? wanted)
    {
        var mine = Array.IndexOf(_owners, owner);
        if (mine >= 0 && (wanted is null || wanted == mine))
        {
            return mine;
        }

        var host = wanted is { } asked ? (_owners[asked] is null ? asked : null) : Free();
        if (host is { } taken)
        {
            Release(owner);
            _owners[taken] = owner;
        }

        return host;
    }

    /// <summary>Says who has a number; null when it is free.</summary>
    public string? OwnerOf(int host) => _owners[host];

    /// <summary>Gives an owner's number back. Does nothing when there is none.</summary>
    public void Release(string owner)
    {
        var mine = Array.IndexOf(_owners, owner);
        if (mine >= 0)
        {
            _owners[mine] = null;
        }
    }

    private static string? Read(string annotation, string text, int ordinal, out int? host)
    {
        host = null;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return $"annotation {annotation} is \"{text}\"; give a whole number from {Lowest} to {Highest}, in quotes";
        }

        var sum = (long)number + ordinal;
        if (number < Lowest || sum > Highest)
        {
            return $"annotation {annotation} \"{text}\" gives host part {sum}; a pod's host part is from {Lowest} to {Highest}";
        }

        host = (int)sum;
        return null;
    }

    private int? Free()
    {
        for (var host = FirstUnasked; host <= Highest; host++)
        {
            if (_owners[host] is null)
            {
                return host;
            }
        }

        for (var host = FirstUnasked - 1; host >= Lowest; host--)
        {
            if (_owners[host] is null)
            {
                return host;
            }
        }

        return null;
    }
}
