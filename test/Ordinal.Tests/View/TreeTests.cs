using NUnit.Framework;
using Ordinal.Operator.View;

namespace Ordinal.Tests.View;

public sealed class TreeTests
{
    [Test]
    public void At_rest() => Golden.Matches("test/Ordinal.Tests/View/golden/at-rest.txt", Draw(Pictures.AtRest));

    [Test]
    public void Held_by_a_gate() => Golden.Matches("test/Ordinal.Tests/View/golden/held.txt", Draw(Pictures.Held));

    [Test]
    public void Held_by_a_gate_in_ascii() => Golden.Matches("test/Ordinal.Tests/View/golden/held-ascii.txt", Draw(Pictures.Held, glyphs: Glyphs.Ascii));

    [Test]
    public void Held_by_a_gate_in_colour() => Golden.Matches("test/Ordinal.Tests/View/golden/held-colour.txt", Draw(Pictures.Held, color: true));

    [Test]
    public void A_pod_is_being_replaced() => Golden.Matches("test/Ordinal.Tests/View/golden/restarting.txt", Draw(Pictures.Restarting));

    [Test]
    public void Finished() => Golden.Matches("test/Ordinal.Tests/View/golden/done.txt", Draw(Pictures.Done));

    [Test]
    public void A_narrow_terminal_cuts_lines_and_never_wraps_them()
    {
        var frame = TreeRenderer.Render(TreeBuilder.Build(Pictures.Held, Pictures.Now, "watching"), new RenderOptions(40, Glyphs.Unicode, false));
        Assert.That(frame, Has.All.Property("Length").LessThanOrEqualTo(40));
        Assert.That(frame, Has.Some.EndsWith("…"));
    }

    [Test]
    public void Nothing_at_all_is_drawn_as_nothing()
    {
        Assert.That(TreeRenderer.Render(TreeBuilder.Build(new ClusterPicture(), Pictures.Now), new RenderOptions(80, Glyphs.Unicode, true)), Is.Empty);
    }

    [Test]
    public void A_message_cannot_send_escape_sequences_to_the_terminal()
    {
        var model = new TreeModel { Events = [new EventLine("1s", "Normal", "X", "y", "\e[2Jgone\nnext")] };
        var frame = TreeRenderer.Render(model, new RenderOptions(80, Glyphs.Ascii, false));
        Assert.That(string.Concat(frame).Where(char.IsControl), Is.Empty);
    }

    [Test]
    public void A_picture_of_objects_that_lack_everything_is_still_drawn()
    {
        var empty = new ClusterPicture { Policy = [], Rollout = [], StatefulSets = [[]], Pods = [[]], Events = [[]] };
        Assert.That(() => TreeRenderer.Render(TreeBuilder.Build(empty, Pictures.Now), new RenderOptions(80, Glyphs.Ascii, false)), Throws.Nothing);
    }

    private static string Draw(ClusterPicture picture, Glyphs? glyphs = null, bool color = false) =>
        string.Join('\n', TreeRenderer.Render(TreeBuilder.Build(picture, Pictures.Now, "watching"), new RenderOptions(140, glyphs ?? Glyphs.Unicode, color))) + "\n";
}
