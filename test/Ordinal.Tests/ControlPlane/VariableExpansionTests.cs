using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Tests.ControlPlane;

public sealed class VariableExpansionTests
{
    [TestCase("plain", "plain")]
    [TestCase("$(A)", "1")]
    [TestCase("x$(A)y$(B)z", "x1y2z")]
    [TestCase("$(MISSING)", "$(MISSING)")]
    [TestCase("$$(A)", "$(A)")]
    [TestCase("$$$(A)", "$1")]
    [TestCase("$$$$(A)", "$$(A)")]
    [TestCase("$A", "$A")]
    [TestCase("a$", "a$")]
    [TestCase("$(A", "$(A")]
    [TestCase("$(A$(B)", "$(A$(B)")]
    [TestCase("$()", "$()")]
    [TestCase("", "")]
    public void References_expand_as_in_Kubernetes(string text, string expected)
    {
        var values = new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" };
        Assert.That(VariableExpansion.Expand(text, values.GetValueOrDefault), Is.EqualTo(expected));
    }

    [Test]
    public void A_value_is_not_expanded_again() =>
        Assert.That(VariableExpansion.Expand("$(A)", name => name == "A" ? "$(A)$(B)" : "no"), Is.EqualTo("$(A)$(B)"));
}
