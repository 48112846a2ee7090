using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Stateless;

namespace Ordinal.Core.Lifecycles;

/// <summary>Compiles lifecycles.</summary>
public static class Lifecycle
{
    /// <summary>Compiles a definition. It may use plain transitions only: guards, actions and substates have no place in a table.</summary>
    /// <param name="machine">The definition.</param>
    /// <exception cref="ArgumentException">The definition holds something other than plain transitions.</exception>
    public static Lifecycle<TState, TTrigger> Compile<TState, TTrigger>(StateMachine<TState, TTrigger> machine)
        where TState : struct, Enum
        where TTrigger : struct, Enum
    {
        ArgumentNullException.ThrowIfNull(machine);
        var info = machine.GetInfo();
        var steps = new Dictionary<(TState, TTrigger), TState>();
        foreach (var state in info.States)
        {
            if (state.Superstate is not null || state.EntryActions.Any() || state.ExitActions.Any() || state.DynamicTransitions.Any()
                || state.IgnoredTriggers.Any() || state.FixedTransitions.Any(t => t.GuardConditionsMethodDescriptions.Any()))
            {
                throw new ArgumentException($"State {state.UnderlyingState} holds more than plain transitions.", nameof(machine));
            }

            foreach (var transition in state.FixedTransitions)
            {
                steps.Add(
                    ((TState)state.UnderlyingState, (TTrigger)transition.Trigger.UnderlyingTrigger),
                    (TState)transition.DestinationState.UnderlyingState);
            }
        }

        return new Lifecycle<TState, TTrigger>((TState)info.InitialState.UnderlyingState, steps.ToFrozenDictionary());
    }
}

/// <summary>
/// A state machine that was defined with Stateless once and compiled into a frozen table. Stateless itself is not safe to share between
/// threads and costs a thousand bytes a step; the table is, and costs none. Facts decide a state; the table says whether the step was legal.
/// </summary>
public sealed class Lifecycle<TState, TTrigger>
    where TState : struct, Enum
    where TTrigger : struct, Enum
{
    private readonly FrozenDictionary<(TState From, TTrigger Trigger), TState> _steps;
    private readonly FrozenSet<(TState From, TState To)> _legal;
    private readonly TState _initial;

    internal Lifecycle(TState initial, FrozenDictionary<(TState From, TTrigger Trigger), TState> steps)
    {
        _initial = initial;
        _steps = steps;
        _legal = steps.Select(s => (s.Key.From, s.Value)).ToFrozenSet();
    }

    /// <summary>Tells whether some observation leads from one state to the other in one step. Staying is always legal.</summary>
    public bool IsLegal(TState from, TState to) =>
        EqualityComparer<TState>.Default.Equals(from, to) || _legal.Contains((from, to));

    /// <summary>Gets where an observation leads; false when the state does not know it.</summary>
    public bool TryStep(TState from, TTrigger trigger, out TState to) => _steps.TryGetValue((from, trigger), out to);

    /// <summary>Tells whether nothing leads out of a state.</summary>
    public bool IsFinal(TState state) => !_steps.Keys.Any(k => EqualityComparer<TState>.Default.Equals(k.From, state));

    /// <summary>Renders the table as a Mermaid state diagram, in the order of the enums, so that it can be compared as text.</summary>
    public string ToMermaid()
    {
        var text = new StringBuilder("stateDiagram-v2\n");
        text.Append(CultureInfo.InvariantCulture, $"    [*] --> {_initial}\n");
        foreach (var step in _steps.OrderBy(s => s.Key.From).ThenBy(s => s.Key.Trigger))
        {
            text.Append(CultureInfo.InvariantCulture, $"    {step.Key.From} --> {step.Value} : {step.Key.Trigger}\n");
        }

        foreach (var state in Enum.GetValues<TState>().Where(IsFinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"    {state} --> [*]\n");
        }

        return text.ToString();
    }
}
