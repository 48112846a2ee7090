using NUnit.Framework;
using Ordinal.ControlPlane.Cel;

namespace Ordinal.Tests.ControlPlane.Cel;

/// <summary>What expressions evaluate to, after the rules of cel-go and Kubernetes' libraries.</summary>
public sealed class CelExpressionTests
{
    private static readonly Dictionary<string, CelType> Types = new()
    {
        ["dynText"] = CelType.Dynamic,
        ["dynInt"] = CelType.Dynamic,
        ["numbers"] = CelType.ListOf(CelType.Int),
        ["flag"] = CelType.Bool,
    };

    private static readonly Dictionary<string, CelValue> Values = new()
    {
        ["dynText"] = new CelText("50%"),
        ["dynInt"] = new CelInt(5),
        ["numbers"] = new CelList([new CelInt(1), new CelInt(2), new CelInt(3)]),
        ["flag"] = CelBool.True,
    };

    // Literals, arithmetic, precedence.
    [TestCase("1 + 2 * 3 == 7")]
    [TestCase("(1 + 2) * 3 == 9")]
    [TestCase("10 - 3 - 2 == 5")]
    [TestCase("-7 / 2 == -3")]
    [TestCase("-7 % 3 == -1")]
    [TestCase("0xff == 255")]
    [TestCase("--5 == 5")]
    [TestCase("-(5) == -5")]
    [TestCase("!!true")]
    [TestCase("1u + 2u == 3u")]
    [TestCase("1.5 + .5 == 2.0")]
    [TestCase("1e3 == 1000.0")]
    [TestCase("7.0 / 2.0 == 3.5")]
    [TestCase("-9223372036854775808 < 0")]
    [TestCase("1 < 2.5 && 2u > 1 && 1.0 <= 1u")]
    [TestCase("true ? (false ? false : true) : false")]
    [TestCase("'a' + \"b\" == 'ab' // a comment")]
    [TestCase("'''it's''' == \"it's\"")]
    [TestCase("r'\\d' == '\\\\d'")]
    [TestCase("'\\x41\\u00e9\\101' == 'AéA'")]
    [TestCase("b'abc' + b'\\x00' == b'abc\\000'")]
    [TestCase("size(b'é') == 2 && size('é') == 1")]
    // Strings compare by code point, not by UTF-16.
    [TestCase("'\\uffff' < '\\U00010000'")]
    // Equality.
    [TestCase("[1, 2] == [1, 2] && [1, 2] != [2, 1]")]
    [TestCase("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}")]
    [TestCase("dyn(1) == dyn(1.0) && dyn(1u) == dyn(1)")]
    [TestCase("dyn('1') != dyn(1)")]
    [TestCase("null == null")]
    // Errors that another term makes irrelevant.
    [TestCase("true || 1 / 0 == 1")]
    [TestCase("1 / 0 == 1 || true")]
    [TestCase("!(1 / 0 == 1 && false)")]
    [TestCase("[0, 1].exists(i, 1 / i == 1)")]
    [TestCase("![0, 2].all(i, 1 / i == 1)")]
    // Containers.
    [TestCase("2 in numbers && !(4 in numbers)")]
    [TestCase("'a' in {'a': 1} && !('b' in {'a': 1})")]
    [TestCase("numbers[0] == 1 && {'x': [7]}['x'][0] == 7")]
    [TestCase("{1: 'a'}[dyn(1u)] == 'a'")]
    [TestCase("has({'a': 1}.a) && !has({'a': 1}.b)")]
    [TestCase("size([]) == 0 && [1].size() == 1 && {}.size() == 0")]
    [TestCase("[1] + [2] == [1, 2]")]
    // Macros.
    [TestCase("numbers.all(i, i > 0)")]
    [TestCase("[].all(i, false) && ![].exists(i, true)")]
    [TestCase("numbers.exists_one(i, i == 2) && !numbers.exists_one(i, i > 1)")]
    [TestCase("numbers.map(i, i * 2) == [2, 4, 6]")]
    [TestCase("numbers.map(i, i > 1, i * 2) == [4, 6]")]
    [TestCase("numbers.filter(i, i % 2 == 1) == [1, 3]")]
    [TestCase("{'a': 1, 'b': 2}.all(k, k in ['a', 'b'])")]
    [TestCase("numbers.all(i, numbers.exists(j, i == j))")]
    [TestCase("[[1, 2], [3]].all(inner, inner.all(flag, flag > 0)) && flag")]
    // Types and conversions.
    [TestCase("type(1) == int && type('') == string && type([]) == list && type({}) == map && type(null) == null_type && type(int) == type")]
    [TestCase("type(duration('1s')) == google.protobuf.Duration")]
    [TestCase("type(dynInt) == int ? dynInt >= 1 : dynInt.matches('x')")]
    [TestCase("int('42') == 42 && int(4.9) == 4 && int(7u) == 7 && uint(7) == 7u && double('1.5') == 1.5")]
    [TestCase("string(1) == '1' && string(1.5) == '1.5' && string(true) == 'true' && string(b'a') == 'a' && bytes('a') == b'a'")]
    [TestCase("bool('true') && !bool('F')")]
    [TestCase("string(100000.0) == '100000' && string(0.1) == '0.1'")]
    // Strings.
    [TestCase("'hello'.startsWith('he') && 'hello'.endsWith('lo') && 'hello'.contains('ell')")]
    [TestCase("dynText.matches('^([1-9][0-9]?|100)%$')")]
    [TestCase("!'50%\\n'.matches('^[0-9]+%$')")]
    [TestCase("'abc'.matches('b') && !'abc'.matches('^b$')")]
    [TestCase("'a$'.matches('^a[$]$')")]
    [TestCase("'HeLLo'.lowerAscii() == 'hello' && 'é'.upperAscii() == 'é'")]
    [TestCase("'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a,b'.split(',', 0) == []")]
    [TestCase("'ab'.split('') == ['a', 'b']")]
    [TestCase("['a', 'b'].join('-') == 'a-b' && ['a', 'b'].join() == 'ab'")]
    [TestCase("'  x '.trim() == 'x'")]
    [TestCase("'aaa'.replace('a', 'b') == 'bbb' && 'aaa'.replace('a', 'b', 2) == 'bba' && 'ab'.replace('', '-') == '-a-b-'")]
    [TestCase("'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco'")]
    [TestCase("'héllo'.indexOf('l') == 2 && 'hello'.indexOf('z') == -1 && 'hello'.lastIndexOf('l') == 3 && 'hello'.indexOf('l', 3) == 3")]
    [TestCase("'abc'.charAt(1) == 'b' && 'abc'.charAt(3) == ''")]
    [TestCase("'123 abc 456'.find('[0-9]+') == '123' && '123 abc 456'.findAll('[0-9]+') == ['123', '456'] && 'x'.find('[0-9]+') == ''")]
    // Lists.
    [TestCase("[1, 1, 2].isSorted() && ![2, 1].isSorted() && [].isSorted() && ['a', 'b'].isSorted()")]
    [TestCase("[1, 2].sum() == 3 && [1.5, 1.5].sum() == 3.0 && [duration('1m'), duration('1s')].sum() == duration('1m1s')")]
    [TestCase("[3, 1, 2].min() == 1 && [3, 1, 2].max() == 3 && ['b', 'a'].max() == 'b'")]
    [TestCase("[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(3) == -1")]
    [TestCase("sets.contains([1, 2, 3], [1]) && sets.equivalent([1, 1], [1]) && sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], [2])")]
    // Times.
    [TestCase("duration('1h30m') == duration('90m') && duration('1.5s') > duration('1s') && duration('100ms') < duration('1s')")]
    [TestCase("duration('2h') - duration('30m') == duration('1h30m')")]
    [TestCase("timestamp('2026-01-01T00:00:00Z') + duration('24h') == timestamp('2026-01-02T00:00:00Z')")]
    [TestCase("timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')")]
    [TestCase("timestamp('2026-01-01T05:00:00+05:00') == timestamp('2026-01-01T00:00:00Z')")]
    [TestCase("timestamp('2026-03-04T05:06:07.089Z').getMonth() == 2 && timestamp('2026-03-04T05:06:07.089Z').getMilliseconds() == 89")]
    [TestCase("timestamp('2026-03-04T05:06:07Z').getHours('-02:00') == 3 && timestamp('2026-03-04T05:06:07Z').getDayOfWeek() == 3")]
    [TestCase("duration('3730s').getHours() == 1 && duration('3730s').getMinutes() == 62")]
    [TestCase("string(duration('90s')) == '90s' && string(timestamp('2026-01-01T00:00:00Z')) == '2026-01-01T00:00:00Z'")]
    // Optional values.
    [TestCase("{'a': 1}.?b.orValue(2) == 2 && {'a': 1}[?'a'].orValue(2) == 1 && [1][?5].hasValue() == false")]
    [TestCase("optional.of(1).optMap(x, x + 1).value() == 2 && !optional.none().hasValue()")]
    [TestCase("[?{'a': 1}.?a, ?{'a': 1}.?b] == [1]")]
    [TestCase("{'a': {'b': 1}}.?a.b.orValue(0) == 1 && {'x': {'b': 1}}.?a.b.orValue(0) == 0")]
    public void An_expression_that_holds(string expression) => Assert.That(Evaluate(expression), Is.EqualTo(CelBool.True));

    [TestCase("1 / 0 == 1", "division by zero")]
    [TestCase("1 % 0 == 1", "modulus by zero")]
    [TestCase("9223372036854775807 + 1 == 0", "integer overflow")]
    [TestCase("-9223372036854775808 - 1 == 0", "integer overflow")]
    [TestCase("-9223372036854775808 / -1 == 0", "integer overflow")]
    [TestCase("9223372036854775807 * 2 == 0", "integer overflow")]
    [TestCase("0u - 1u == 0u", "unsigned integer overflow")]
    [TestCase("numbers[3] == 1", "index out of bounds: 3")]
    [TestCase("numbers[-1] == 1", "index out of bounds: -1")]
    [TestCase("{'a': 1}['b'] == 1", "no such key: b")]
    [TestCase("{'a': 1}.b == 1", "no such key: b")]
    [TestCase("dynText > 1", "no such overload")]
    [TestCase("dynInt.matches('x')", "no such overload")]
    [TestCase("dynText ? true : false", "no such overload")]
    [TestCase("1 / 0 == 1 && true", "division by zero")]
    [TestCase("[0, 1].all(i, 1 / i == 1)", "division by zero")]
    [TestCase("int('x') == 1", "type conversion error from 'string' to 'int'")]
    [TestCase("duration('5') == duration('5s')", "type conversion error from 'string' to 'google.protobuf.Duration'")]
    [TestCase("optional.none().value() == 1", "optional.none() dereference")]
    [TestCase("'abc'.substring(2, 1) == ''", "invalid substring range. start: 2, end: 1")]
    [TestCase("[].map(x, x).min() == 1", "min called on empty list")]
    public void An_expression_that_fails(string expression, string error) => Assert.That(Evaluate(expression), Is.EqualTo(new CelError(error)));

    [TestCase("numbers.missing", "1:8", "type 'list(int)' does not support field selection")]
    [TestCase("nothing", "1:1", "undeclared reference to 'nothing' (in container '')")]
    [TestCase("nothing(1)", "1:8", "undeclared reference to 'nothing' (in container '')")]
    [TestCase("1 + 'a' == 2", "1:3", "found no matching overload for '_+_' applied to '(int, string)'")]
    [TestCase("'a'.startsWith(1)", "1:15", "found no matching overload for 'startsWith' applied to 'string.(int)'")]
    [TestCase("1 == 'a'", "1:3", "found no matching overload for '_==_' applied to '(int, string)'")]
    [TestCase("1 == 1.0", "1:3", "found no matching overload for '_==_' applied to '(int, double)'")]
    [TestCase("'a' == null", "1:5", "found no matching overload for '_==_' applied to '(string, null)'")]
    [TestCase("1 && true", "1:3", "found no matching overload for '_&&_' applied to '(int, bool)'")]
    [TestCase("flag ? 1 : 'a'", "1:6", "found no matching overload for '_?_:_' applied to '(bool, int, string)'")]
    [TestCase("flag.all(x, x)", "1:1", "expression of type 'bool' cannot be range of a comprehension (must be list, map, or dynamic)")]
    [TestCase("'1' in numbers", "1:5", "found no matching overload for '@in' applied to '(string, list(int))'")]
    [TestCase("numbers.all(1, true)", "1:13", "argument must be a simple name")]
    [TestCase("has(numbers)", "1:5", "invalid argument to has() macro")]
    [TestCase("for == 1", "1:1", "reserved identifier: for")]
    [TestCase("99999999999999999999 > 1", "1:1", "invalid int literal")]
    public void An_expression_that_does_not_compile(string expression, string place, string message)
    {
        var problem = Assert.Throws<CelCompilationException>(() => CelProgram.Compile(expression, Types));
        Assert.That(problem!.Message.Split('\n')[0], Is.EqualTo($"ERROR: <input>:{place}: {message}"));
    }

    [TestCase("1 +", "1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}")]
    [TestCase("(1", "1:3: Syntax error: missing ')' at '<EOF>'")]
    [TestCase("1 2", "1:3: Syntax error: extraneous input '2' expecting <EOF>")]
    [TestCase("'abc", "1:1: Syntax error: token recognition error at: ''abc'")]
    [TestCase("'abc' + ;", "1:9: Syntax error: token recognition error at: ';'")]
    [TestCase("'abc' + ;", "1:10: Syntax error: mismatched input '<EOF>'")]
    [TestCase("numbers.", "1:9: Syntax error: mismatched input '<EOF>' expecting IDENTIFIER")]
    public void Text_that_is_no_expression_is_refused(string expression, string message)
    {
        var problem = Assert.Throws<CelCompilationException>(() => CelProgram.Compile(expression, Types));
        Assert.That(problem!.Message, Does.Contain(message));
    }

    [Test]
    public void A_finding_is_shown_below_its_line()
    {
        var problem = Assert.Throws<CelCompilationException>(() => CelProgram.Compile("flag &&\n  nothing", Types));
        Assert.That(problem!.Message, Is.EqualTo("ERROR: <input>:2:3: undeclared reference to 'nothing' (in container '')\n |   nothing\n | ..^"));
    }

    [Test]
    public void An_expression_that_never_ends_is_stopped()
    {
        CelProgram program = CelProgram.Compile("numbers.all(a, numbers.all(b, numbers.all(c, numbers.all(d, numbers.all(e, numbers.all(f, numbers.all(g, true)))))))", Types);
        var many = new Dictionary<string, CelValue> { ["numbers"] = new CelList([.. Enumerable.Range(0, 100).Select(i => new CelInt(i))]) };
        Assert.Throws<CelBudgetException>(() => program.Evaluate(many, new CelBudget(CelBudget.PerCall)));
    }

    [TestCase("(", ")")]
    [TestCase("[", "]")]
    [TestCase("!", "")]
    [TestCase("-", "")]
    [TestCase("1+", "")]
    [TestCase("true?1:", "")]
    public void A_huge_expression_is_refused_or_evaluated_and_ends_nothing(string opening, string closing)
    {
        string expression = string.Concat(Enumerable.Repeat(opening, 20_000)) + "1" + string.Concat(Enumerable.Repeat(closing, 20_000));
        try
        {
            CelProgram.Compile(expression, Types);
        }
        catch (CelCompilationException e)
        {
            Assert.That(e.Message, Does.Contain("expression recursion limit exceeded: 250").Or.Contain("found no matching overload"));
        }
    }

    [Test]
    public void Long_chains_of_terms_are_no_nesting()
    {
        string expression = string.Join(" && ", Enumerable.Repeat("flag", 1000));
        Assert.That(Evaluate(expression), Is.EqualTo(CelBool.True));
    }

    private static CelValue Evaluate(string expression) =>
        CelProgram.Compile(expression, Types).Evaluate(Values, new CelBudget(CelBudget.PerCall));
}
