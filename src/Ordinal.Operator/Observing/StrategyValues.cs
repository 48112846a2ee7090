using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.Core.Model;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Observing;

/// <summary>Reads and writes <c>spec.updateStrategy</c>.</summary>
public static class StrategyValues
{
    /// <summary>Reads the value; an absent one is RollingUpdate, as the server defaults it.</summary>
    public static StrategyValue Read(JsonElement strategy)
    {
        if (strategy.Text("type") == "OnDelete")
        {
            return new StrategyValue(UpdateStrategyType.OnDelete);
        }

        var rolling = strategy.Member("rollingUpdate");
        var partition = rolling.Member("partition").ValueKind is JsonValueKind.Number ? rolling.WholeNumber("partition") : (long?)null;
        var unavailable = rolling.Member("maxUnavailable");
        return new StrategyValue(UpdateStrategyType.RollingUpdate, partition, unavailable.ValueKind switch
        {
            JsonValueKind.Number => unavailable.GetRawText(),
            JsonValueKind.String => unavailable.GetString(),
            _ => null,
        });
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote; null when the text is empty or none of ours.</summary>
    public static StrategyValue? Parse(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind is JsonValueKind.Object ? Read(document.RootElement) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the value as the API server takes it. OnDelete must not carry <c>rollingUpdate</c> (T2).</summary>
    public static JsonObject ToJson(StrategyValue value)
    {
        var strategy = new JsonObject { ["type"] = value.Type is UpdateStrategyType.OnDelete ? "OnDelete" : "RollingUpdate" };
        if (value.Type is UpdateStrategyType.OnDelete || (value.Partition is null && value.MaxUnavailable is null))
        {
            return strategy;
        }

        var rolling = new JsonObject();
        if (value.Partition is { } partition)
        {
            rolling["partition"] = partition;
        }

        if (value.MaxUnavailable is { } unavailable)
        {
            rolling["maxUnavailable"] = int.TryParse(unavailable, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : unavailable;
        }

        strategy["rollingUpdate"] = rolling;
        return strategy;
    }
}
