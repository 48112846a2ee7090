using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;

namespace Ordinal.Conformance.Admission;

/// <summary>
/// Kubernetes' functions of CEL about quantities, addresses and networks, one validation each: what holds everywhere is not denied, and where one does
/// not hold the denial names it.
/// </summary>
public sealed class PolicyLibraryTests(ClusterKind kind) : PolicyTests(kind)
{
    private static readonly string[] Quantities =
    [
        "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1500m').isLessThan(quantity('2'))",
        "quantity('1k').compareTo(quantity('1000')) == 0 && quantity('1k') == quantity('1000')",
        "quantity('50k').isInteger() && quantity('50k').asInteger() == 50000",
        "!quantity('1000m').isInteger() && !quantity('1.5').isInteger() && quantity('1.5k').isInteger() && !quantity('9999999999999999999999999999999999999G').isInteger()",
        "quantity('1500m').asApproximateFloat() == 1.5 && sign(quantity('-1')) == -1",
        "quantity('1').add(quantity('500m')) == quantity('1.5') && quantity('1').add(2) == quantity('3') && quantity('1').sub(quantity('2')) == quantity('-1')",
        "isQuantity('1e3') && isQuantity('1E') && isQuantity('.5') && isQuantity('5.') && !isQuantity('1.5 Gi') && !isQuantity('') && isQuantity('Gi') && !isQuantity('1KiB') && isQuantity('-') && !isQuantity('x')",
        "!quantity('9223372036854775807').isInteger() && quantity('123456789012345678').isInteger() && quantity('1Gi').asInteger() == 1073741824 && !quantity('1.5Gi').isInteger()",
    ];

    private static readonly string[] Addresses =
    [
        "isIP('127.0.0.1') && isIP('::1') && !isIP('127.0.0.1.0') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0') && !isIP('01.2.3.4') && !isIP('1.2.3')",
        "ip('192.168.0.1').family() == 4 && ip('::1').family() == 6 && string(ip('10.0.0.1')) == '10.0.0.1'",
        "ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified() && ip('169.254.1.1').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast() && ip('10.0.0.1').isGlobalUnicast() && !ip('127.0.0.1').isGlobalUnicast()",
        "ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD') && ip('2001:db8::1') == ip('2001:DB8:0::1')",
        "isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0') && !isCIDR('10.0.0.0/08')",
        "cidr('192.168.0.0/24').containsIP(ip('192.168.0.1')) && !cidr('192.168.0.0/24').containsIP('192.168.1.1') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.0.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
        "cidr('192.168.1.5/24').ip() == ip('192.168.1.5') && cidr('192.168.1.5/24').masked() == cidr('192.168.1.0/24') && cidr('::1/128').prefixLength() == 128 && string(cidr('10.1.2.3/8')) == '10.1.2.3/8'",
    ];

    [Test, Rule("CEL-quantity")]
    public Task Quantities_are_compared_and_added() => HoldAsync(Quantities);

    [Test, Rule("CEL-ip")]
    public Task Addresses_and_networks_are_looked_into() => HoldAsync(Addresses);

    [Rule("CEL-quantity")]
    [TestCase("quantity('x').isInteger()", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [TestCase("quantity('1ki').isInteger()", "unable to parse quantity's suffix")]
    [TestCase("quantity('1.5').asInteger() == 1", "cannot convert value to integer")]
    public async Task What_is_no_quantity_fails(string expression, string error)
    {
        await BindAsync(new JsonObject { ["validations"] = new JsonArray(new JsonObject { ["expression"] = expression }) }.ToJsonString());
        var refused = await UntilDeniedAsync(() => TryAsync("""{"x":"1"}"""));
        Assert.That(refused.Refused(422).Message, Does.EndWith(Denied($"expression '{expression}' resulted in error: {error}")));
    }

    private async Task HoldAsync(string[] expressions)
    {
        // The last one shows that all are asked.
        await BindAsync(new JsonObject
        {
            ["validations"] = new JsonArray([.. expressions.Append("object.data.x != 'asked'").Select(expression => new JsonObject { ["expression"] = expression })]),
        }.ToJsonString());
        var refused = await UntilDeniedAsync(() => TryAsync("""{"x":"asked"}"""));
        Assert.That(refused.Refused(422).Message, Does.EndWith(Denied("failed expression: object.data.x != 'asked'")));
        (await TryAsync("""{"x":"1"}""")).Ok();
    }
}
