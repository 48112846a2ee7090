using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.Operator.View;

namespace Ordinal.Tests.View;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ScreenTests
{
    private readonly FakeTimeProvider _time = new(Pictures.Now);

    [Test]
    public void A_frame_that_did_not_change_writes_nothing()
    {
        var diff = new FrameDiff();
        Assert.That(diff.Next(["a", "b"]), Is.EqualTo("\r\e[Ka\r\n\r\e[Kb\r\n"));
        Assert.That(diff.Next(["a", "b"]), Is.Empty);
    }

    [Test]
    public void Only_the_changed_line_is_written_again()
    {
        var diff = new FrameDiff();
        diff.Next(["a", "b", "c"]);
        Assert.That(diff.Next(["a", "B", "c"]), Is.EqualTo("\e[3A\r\n\r\e[KB\r\n\r\n"));
    }

    [Test]
    public void A_frame_that_shrinks_leaves_nothing_behind()
    {
        var diff = new FrameDiff();
        diff.Next(["a", "b"]);
        Assert.That(diff.Next(["a"]), Is.EqualTo("\e[2A\r\n\r\e[K\r\n\e[1A"));
    }

    [Test]
    public void It_redraws_at_most_every_200_ms_and_always_at_the_end()
    {
        using var output = new StringWriter();
        var screen = Animated(output);
        screen.Show(Pictures.AtRest, "one");
        _time.Advance(TimeSpan.FromMilliseconds(199));
        screen.Show(Pictures.AtRest, "two");
        Assert.That(output.ToString(), Does.Contain("one").And.Not.Contain("two"));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        screen.Show(Pictures.AtRest, "three");
        screen.Show(Pictures.AtRest, "four", isLast: true);
        Assert.That(output.ToString(), Does.Contain("three").And.Contain("four"));
    }

    [Test]
    public void A_line_takes_the_place_of_the_tree_unless_the_tree_is_kept()
    {
        using var cleared = new StringWriter();
        var screen = Animated(cleared);
        screen.Show(Pictures.AtRest, "watching");
        screen.Say("a line");
        Assert.That(cleared.ToString(), Does.EndWith("A" + "a line" + Environment.NewLine));

        using var kept = new StringWriter();
        screen = Animated(kept);
        screen.Show(Pictures.AtRest, "watching");
        screen.Keep();
        screen.Say("a line");
        Assert.That(kept.ToString(), Does.EndWith("watching\r\na line" + Environment.NewLine));
    }

    [Test]
    public void A_frame_never_scrolls_the_screen()
    {
        using var output = new StringWriter();
        Animated(output, height: 5).Show(Pictures.Held, "watching");
        Assert.That(output.ToString().Split("\r\n"), Has.Length.EqualTo(5));
    }

    [Test]
    public void Without_a_terminal_each_change_is_one_line_with_its_time()
    {
        using var output = new StringWriter();
        var screen = new Screen(output, ScreenAbilities.Decide(isRedirected: true, _ => "xterm", wantsAscii: false), () => (80, 24), _time);
        foreach (var picture in (ClusterPicture[])[Pictures.AtRest, Pictures.AtRest, Pictures.Held, Pictures.Held, Pictures.Restarting, Pictures.Done])
        {
            screen.Show(picture, "watching");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Golden.Matches("test/Ordinal.Tests/View/golden/changes.txt", output.ToString());
    }

    [Test]
    public void A_waiting_message_whose_numbers_move_is_told_again_every_five_seconds_only()
    {
        var log = new ChangeLog();
        int Lines(int second, string message)
        {
            var picture = Pictures.Held with { Rollout = (System.Text.Json.Nodes.JsonObject)Pictures.Held.Rollout!.DeepClone() };
            picture.Rollout!["status"]!["current"]!["waitingFor"] = message;
            return log.Next(picture, Pictures.Now.AddSeconds(second)).Count(l => l.Contains("waiting:", StringComparison.Ordinal));
        }

        Assert.That(Lines(0, "1 of 3"), Is.EqualTo(1));
        Assert.That(Lines(1, "2 of 3"), Is.Zero);
        Assert.That(Lines(5, "3 of 3"), Is.EqualTo(1));
        Assert.That(Lines(20, "3 of 3"), Is.Zero);
    }

    [TestCase(false, "xterm", "", "", "C.UTF-8", ExpectedResult = "animated colour unicode")]
    [TestCase(false, "xterm", "1", "", "C.UTF-8", ExpectedResult = "animated unicode")]
    [TestCase(false, "dumb", "", "", "C.UTF-8", ExpectedResult = "ascii")]
    [TestCase(false, "xterm", "", "true", "en_US.utf8", ExpectedResult = "unicode")]
    [TestCase(true, "xterm", "", "", "C.UTF-8", ExpectedResult = "unicode")]
    [TestCase(false, "xterm", "", "", "C", ExpectedResult = "animated colour ascii")]
    [TestCase(false, "xterm", "", "", null, ExpectedResult = "animated colour ascii")]
    [TestCase(false, null, "", "", "C.UTF-8", ExpectedResult = "ascii")]
    public string What_a_terminal_can_do(bool isRedirected, string? term, string noColor, string ci, string? lang)
    {
        var decided = ScreenAbilities.Decide(
            isRedirected, name => name switch { "TERM" => term, "NO_COLOR" => noColor, "CI" => ci, "LANG" => lang, _ => null }, wantsAscii: false);
        string[] words = [decided.IsAnimated ? "animated" : "", decided.HasColor ? "colour" : "", decided.Glyphs == Glyphs.Ascii ? "ascii" : "unicode"];
        return string.Join(' ', words.Where(w => w.Length > 0));
    }

    [Test]
    public void Ascii_can_be_asked_for()
    {
        Assert.That(ScreenAbilities.Decide(false, _ => "xterm.UTF-8", wantsAscii: true).Glyphs, Is.EqualTo(Glyphs.Ascii));
    }

    private Screen Animated(StringWriter output, int height = 50) =>
        new(output, new ScreenAbilities(true, false, Glyphs.Unicode), () => (100, height), _time);
}
