using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;

namespace Ordinal.Conformance.Admission;

/// <summary>
/// Kubernetes' functions of CEL about quantities, addresses, networks, URLs, versions, lists and formats, one validation each: what holds everywhere is not denied, and where one does
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

    private static readonly string[] Urls =
    [
        "isURL('https://user:pass@example.com:80/path?query=val#fragment') && isURL('/absolute-path') && !isURL('https://a:b:c/') && !isURL('../relative-path') && !isURL('')",
        "isURL('https:://kubernetes.io/') && !isURL('https://exa mple.com') && !isURL('https://example.com/%zz') && !isURL('https://[1.2.3.4]/') && !isURL('://x') && isURL('mailto:a@b')",
        "url('/path').getScheme() == '' && url('HTTPS://example.com/').getScheme() == 'https'",
        "url('https://example.com:80/').getHost() == 'example.com:80' && url('https://[::1]:80/').getHost() == '[::1]:80' && url('https://[::1]/').getHost() == '[::1]' && url('/path').getHost() == ''",
        "url('https://example.com:80/').getHostname() == 'example.com' && url('https://[::1]:80/').getHostname() == '::1' && url('/path').getHostname() == ''",
        "url('https://example.com:80/').getPort() == '80' && url('https://example.com/').getPort() == '' && url('/path').getPort() == ''",
        "url('https://example.com/path').getEscapedPath() == '/path' && url('https://example.com/path with spaces/').getEscapedPath() == '/path%20with%20spaces/' && url('https://example.com').getEscapedPath() == ''",
        "url('https://example.com/a%2Fb').getEscapedPath() == '/a%2Fb' && url('https://example.com/é').getEscapedPath() == '/%C3%A9' && url('https://example.com/a#b').getEscapedPath() == '/a'",
        "url('https://example.com/path?k1=a&k2=b&k2=c').getQuery() == {'k1': ['a'], 'k2': ['b', 'c']} && url('https://example.com/path?').getQuery() == {} && url('https://example.com/path').getQuery() == {}",
        "url('https://example.com/path?key with spaces=value with spaces').getQuery() == {'key with spaces': ['value with spaces']} && url('https://x/?a+b=%26').getQuery() == {'a b': ['&']}",
        "url('https://example.com/') == url('https://example.com/') && url('https://example.com/') != url('https://example.com/x')",
    ];

    private static readonly string[] Versions =
    [
        "isSemver('1.2.3-beta.1+build.1') && !isSemver('') && !isSemver('v1.0.0') && !isSemver(' 1.0.0') && !isSemver('1. 0.0') && !isSemver('1.0.0 ') && !isSemver('01.01.01') && !isSemver('1') && !isSemver('1.1')",
        "!isSemver('', true) && !isSemver(' 1.0.0', true) && isSemver('v1.0.0', true) && isSemver('01.01.01', true) && isSemver('1', true) && isSemver('1.1', true) && !isSemver('1.1-rc', true)",
        "semver('v01.01', true) == semver('1.1.0') && semver('1.2.3') != semver('1.0.0')",
        "semver('1.0.0').isLessThan(semver('1.2.3')) && !semver('1.0.0').isLessThan(semver('1.0.0')) && semver('1.2.3').isGreaterThan(semver('1.0.0'))",
        "semver('1.2.3').compareTo(semver('1.2.3')) == 0 && semver('1.0.0').compareTo(semver('1.2.3')) == -1 && semver('1.2.3').compareTo(semver('1.0.0')) == 1",
        "semver('1.0.0-rc.2').isLessThan(semver('1.0.0-rc.10')) && semver('1.0.0-rc').isLessThan(semver('1.0.0')) && semver('1.0.0-1').isLessThan(semver('1.0.0-a')) && semver('1.0.0-a').isLessThan(semver('1.0.0-a.1'))",
        "semver('1.0.0+a') == semver('1.0.0+b') && semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3",
    ];

    private static readonly string[] Lists =
    [
        "[1, 2, 3, 4].slice(1, 3) == [2, 3] && [1].slice(1, 1) == []",
        "[[1, 2], [3]].flatten() == [1, 2, 3] && [dyn(1), dyn([dyn(2), dyn([3])])].flatten(2) == [1, 2, 3] && [dyn(1), dyn([2])].flatten(0).size() == 2",
        "[3, 1, 2].sort() == [1, 2, 3] && ['b', 'a'].sort() == ['a', 'b'] && [duration('2s'), duration('1s')].sort() == [duration('1s'), duration('2s')]",
        "[1, 2, 3].reverse() == [3, 2, 1] && [2, 1, 2, 1].distinct() == [2, 1] && ['b', 'b'].distinct() == ['b']",
        "lists.range(4) == [0, 1, 2, 3] && lists.range(0) == []",
    ];

    private static readonly string[] Formats =
    [
        "!format.dns1123Label().validate('my-label-name').hasValue() && !format.dns1123Subdomain().validate('apiextensions.k8s.io').hasValue() && !format.qualifiedName().validate('apiextensions.k8s.io/v1beta1').hasValue()",
        "!format.dns1123LabelPrefix().validate('my-label-prefix-').hasValue() && !format.dns1123SubdomainPrefix().validate('mysubdomain.prefix.-').hasValue() && !format.dns1035LabelPrefix().validate('my-label-prefix-').hasValue()",
        "format.dns1123Label().validate('contains a space').value()[0].startsWith('a lowercase RFC 1123 label must consist of') && format.dns1035Label().validate('1a').value()[0].startsWith('a DNS-1035 label must consist of')",
        "!format.uri().validate('http://example.com').hasValue() && format.uri().validate('../x').value() == ['parse \"../x\": invalid URI for request']",
        "!format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue() && format.uuid().validate('x').value() == ['does not match the UUID format']",
        "!format.byte().validate('aGVsbG8=').hasValue() && format.byte().validate('aGVsbG8').value() == ['invalid base64'] && format.byte().validate('').hasValue()",
        "!format.date().validate('2021-01-01').hasValue() && format.date().validate('2020-01-32').value() == ['invalid date']",
        "!format.datetime().validate('2021-01-01T00:00:00Z').hasValue() && format.datetime().validate('2020-01-32T00:00:00Z').value() == ['invalid datetime'] && format.datetime().validate('2021-01-01 00:00:00Z').hasValue()",
        "!format.labelValue().validate('my-cool-label-Value').hasValue() && format.labelValue().validate('!').hasValue()",
        "!format.named('unknown').hasValue() && format.named('uuid').value() == format.uuid() && format.uuid() != format.byte()",
    ];

    [Test, Rule("CEL-quantity")]
    public Task Quantities_are_compared_and_added() => HoldAsync(Quantities);

    [Test, Rule("CEL-ip")]
    public Task Addresses_and_networks_are_looked_into() => HoldAsync(Addresses);

    [Test, Rule("CEL-url")]
    public Task URLs_are_taken_apart() => HoldAsync(Urls);

    [Test, Rule("CEL-semver")]
    public Task Versions_are_compared() => HoldAsync(Versions);

    [Test, Rule("CEL-format")]
    public Task Texts_are_held_against_named_formats() => HoldAsync(Formats);

    [Test, Rule("CEL-lists")]
    public Task Lists_are_cut_flattened_and_sorted() => HoldAsync(Lists);

    [Rule("CEL-lists")]
    [TestCase("[1, 2].slice(1, 3) == []", "cannot slice(1, 3), list is length 2")]
    [TestCase("[1, 2].slice(-1, 1) == []", "cannot slice(-1, 1), negative indexes not supported")]
    [TestCase("[1, 2].slice(2, 1) == []", "cannot slice(2, 1), start index must be less than or equal to end index")]
    [TestCase("dyn([[1]]).flatten(-1) == []", "level must be non-negative")]
    public Task What_cannot_be_cut_fails(string expression, string error) => FailAsync(expression, error);

    [Rule("CEL-url")]
    [TestCase("url('https://a:b:c/').getHost() == ''", "URL parse error during conversion from string: parse \"https://a:b:c/\": invalid port \":b:c\" after host")]
    [TestCase("url('../x').getHost() == ''", "URL parse error during conversion from string: parse \"../x\": invalid URI for request")]
    [TestCase("url('http://a b/').getHost() == ''", "URL parse error during conversion from string: parse \"http://a b/\": invalid character \" \" in host name")]
    [TestCase("url('/%2').getHost() == ''", "URL parse error during conversion from string: parse \"/%2\": invalid URL escape \"%2\"")]
    public Task What_is_no_URL_fails(string expression, string error) => FailAsync(expression, error);

    [Rule("CEL-semver")]
    [TestCase("semver('v1.0').major() == 1", "No Major.Minor.Patch elements found")]
    [TestCase("semver('').major() == 1", "Version string empty")]
    [TestCase("semver('1.x.3').major() == 1", "Invalid character(s) found in minor number \"x\"")]
    [TestCase("semver('01.2.3').major() == 1", "Major number must not contain leading zeroes \"01\"")]
    [TestCase("semver('1.2.3-01').major() == 1", "Numeric PreRelease version must not contain leading zeroes \"01\"")]
    [TestCase("semver('1.2.3+').major() == 1", "Build meta data is empty")]
    public Task What_is_no_version_fails(string expression, string error) => FailAsync(expression, error);

    [Rule("CEL-quantity")]
    [TestCase("quantity('x').isInteger()", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [TestCase("quantity('1ki').isInteger()", "unable to parse quantity's suffix")]
    [TestCase("quantity('1.5').asInteger() == 1", "cannot convert value to integer")]
    public Task What_is_no_quantity_fails(string expression, string error) => FailAsync(expression, error);

    private async Task FailAsync(string expression, string error)
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
