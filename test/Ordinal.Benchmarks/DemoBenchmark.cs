using System.Diagnostics;
using System.Globalization;

namespace Ordinal.Benchmarks;

/// <summary>How long <c>ordinal demo</c> takes, from the start of the program to its end, cluster and proof included.</summary>
internal sealed class DemoBenchmark : IBenchmark
{
    private static readonly TimeSpan Target = TimeSpan.FromSeconds(90);

    public string Name => "demo";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        using var demo = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "ordinal"), "demo") { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("ordinal demo did not start");
        // Its words must flow away; the figure is the time.
        await demo.StandardOutput.ReadToEndAsync(cancellationToken);
        await demo.WaitForExitAsync(cancellationToken);
        var took = TimeProvider.System.GetElapsedTime(start);
        var outcome = demo.ExitCode == 0 ? "proof held" : string.Create(CultureInfo.InvariantCulture, $"exit code {demo.ExitCode}");
        return
        [
            new Figure(
                "ordinal demo, three etcds rolled with a hang",
                string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s, {outcome}"),
                string.Create(CultureInfo.InvariantCulture, $"at most {Target.TotalSeconds:0} s"),
                demo.ExitCode == 0 && took <= Target),
        ];
    }
}
