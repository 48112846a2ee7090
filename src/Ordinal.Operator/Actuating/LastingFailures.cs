using System.Globalization;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Actuating;

/// <summary>
/// What goes on failing although it would be right: a server in trouble, or a webhook or an etcd behind it. A moment of that is nobody's business; once it has
/// lasted, whoever waits shall read why. Safe for calls from several threads.
/// </summary>
/// <param name="timeProvider">Measures how long, and names the time since when.</param>
internal sealed class LastingFailures(TimeProvider timeProvider)
{
    /// <summary>How long it is left unsaid.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long after a failure the next one is the same trouble still: longer than any pause between two tries.</summary>
    private static readonly TimeSpan Forgetting = TimeSpan.FromMinutes(2);

    private readonly Dictionary<(string Uid, string What), (long First, long Last, DateTimeOffset Since)> known = [];
    private readonly Lock gate = new();

    /// <summary>Notes a failure.</summary>
    /// <param name="uid">What it is about.</param>
    /// <param name="what">What was tried, in words that stay the same.</param>
    /// <param name="error">How it failed.</param>
    /// <returns>Fact and remedy once that has lasted, in words that stay the same; null before, and for what is no failure of the server's.</returns>
    public string? Add(string uid, string what, ApiException error)
    {
        if (error.Class is not ApiErrorClass.Transient || error.Kind is ApiErrorKind.DisruptionBudget)
        {
            return null;
        }

        (long First, long Last, DateTimeOffset Since) failure;
        lock (gate)
        {
            var now = timeProvider.GetTimestamp();
            foreach (var (each, old) in known.ToList())
            {
                if (timeProvider.GetElapsedTime(old.Last, now) > Forgetting)
                {
                    known.Remove(each);
                }
            }

            known[(uid, what)] = failure = known.TryGetValue((uid, what), out var before) ? before with { Last = now } : (now, now, timeProvider.GetUtcNow());
        }

        if (timeProvider.GetElapsedTime(failure.First, failure.Last) < Patience)
        {
            return null;
        }

        // While a request rests, the answer is what the server said last and how long it rests yet.
        var said = (error.InnerException as ApiException ?? error).Message.TrimEnd('.');
        return string.Create(CultureInfo.InvariantCulture, $"{said} (so since {failure.Since:HH:mm:ss} UTC); look at the API server, and at the webhooks and the etcd that it asks; the operator goes on trying every 30 s");
    }

    /// <summary>Notes that it went well, or was answered.</summary>
    public void Remove(string uid, string what)
    {
        lock (gate)
        {
            if (known.Count > 0)
            {
                known.Remove((uid, what));
            }
        }
    }
}
