using NUnit.Framework;
using NUnit.Framework.Interfaces;

namespace Ordinal.Conformance.Rules;

/// <summary>
/// Names the rule that a test is about: a scenario (<c>S01</c>), a trap (<c>T1</c>) or a rule of the API (<c>API-patch-json-test</c>,
/// <c>ADM-…</c>, <c>CRD-…</c>, <c>RBAC-…</c>). How the test went on its cluster becomes a cell of the table that <c>make conformance</c> prints.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public class RuleAttribute(string id) : PropertyAttribute("Rule", id), ITestAction
{
    /// <summary>Gets the rule's id.</summary>
    public string Id { get; } = id;

    /// <inheritdoc/>
    public ActionTargets Targets => ActionTargets.Test;

    /// <inheritdoc/>
    public void BeforeTest(ITest test)
    {
        // Only the end is of interest.
    }

    /// <inheritdoc/>
    public void AfterTest(ITest test)
    {
        if (test.Fixture is ConformanceTests fixture)
        {
            ResultTable.Add(IdOf(test), fixture.Kind, TestContext.CurrentContext.Result.Outcome.Status, TestContext.CurrentContext.Result.Message);
        }
    }

    /// <summary>Gets the id of one case of a test.</summary>
    protected virtual string IdOf(ITest test) => Id;
}
