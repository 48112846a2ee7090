using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Where a walk through a document is. Nearly all walks find nothing to tell, so the path becomes text only when it is asked for.</summary>
internal sealed class FieldPath
{
    private readonly List<(StepKind Kind, string Name, int Index)> _steps = [];

    private enum StepKind
    {
        Field,
        Key,
        Item,
    }

    /// <summary>Gets a value indicating whether this is the whole document.</summary>
    public bool IsRoot => _steps.Count == 0;

    /// <summary>Goes into a field.</summary>
    public void Enter(string name) => _steps.Add((StepKind.Field, name, 0));

    /// <summary>Goes into an entry of a map, which is shown as <c>labels[app]</c>.</summary>
    public void EnterKey(string key) => _steps.Add((StepKind.Key, key, 0));

    /// <summary>Goes into an item of a list.</summary>
    public void Enter(int index) => _steps.Add((StepKind.Item, "", index));

    /// <summary>Comes back out.</summary>
    public void Leave() => _steps.RemoveAt(_steps.Count - 1);

    /// <summary>Writes the path of a field in here.</summary>
    public string Of(string name)
    {
        Enter(name);
        string text = ToString();
        Leave();
        return text;
    }

    /// <summary>Writes the path as <c>spec.containers[0].image</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((StepKind kind, string name, int index) in _steps)
        {
            switch (kind)
            {
                case StepKind.Field:
                    text.Append(text.Length == 0 ? "" : ".").Append(name);
                    break;
                case StepKind.Key:
                    text.Append('[').Append(name).Append(']');
                    break;
                case StepKind.Item:
                    text.Append(CultureInfo.InvariantCulture, $"[{index}]");
                    break;
            }
        }

        return text.ToString();
    }
}
