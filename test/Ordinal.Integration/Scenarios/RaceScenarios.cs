using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Scenarios;

/// <summary>What must hold when the operator sees less than there is, or something happens in the moment before it acts. One operator for each.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class RaceScenarios(ClusterKind kind)
{
    [Test]
    public async Task U22_U23_An_unready_pod_and_a_missing_one_hold_though_the_StatefulSet_as_it_was_last_seen_has_all_available()
    {
        await using var race = await AtStepOneAsync(Scene.CreateClassAsync, (set, scene) => set["spec"]!["template"]!["spec"]!["priorityClassName"] = scene.Namespace);
        race.Hooks.HoldBack((resource, _) => resource == "statefulsets");
        await race.Scene.ScriptPodAsync("web-0", "ready", "false");
        await race.Scene.UntilReadyAsync("web-0", false);
        await race.ApproveAsync();
        Assert.That(await race.Scene.UntilWaitsAsync("PodNotReady"), Does.Contain("web-0"));
        Assert.That((await race.Scene.ImagesAsync(), await race.Scene.Web.PartitionAsync()), Is.EqualTo(("v1 v1 v2", 2L)));

        // One that cannot be made anew: the class that it names is gone.
        await Scene.DeleteClassAsync(race.Scene);
        await race.Scene.Cluster.DeleteAsync($"{race.Scene.Web.Pods}/web-1");
        await race.Scene.Cluster.UntilAsync("web-1 is gone", async () => !(await race.Scene.Web.PodsAsync()).ContainsKey("web-1"), race.Scene.Web.DescribeAsync);
        await race.Scene.ScriptPodAsync("web-0", "ready", "true");
        Assert.That(await race.Scene.UntilWaitsAsync("PodMissing"), Does.Contain("web-1"));
        Assert.That((await race.Scene.ImagesAsync(), await race.Scene.Web.PartitionAsync()), Is.EqualTo(("v1 v2", 2L)), "counted from spec.replicas, not from a status that knows of no loss");

        await Scene.CreateClassAsync(race.Scene);
        race.Hooks.Thaw();
        await race.Scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U24_A_status_that_is_worse_than_the_pods_as_they_were_last_seen_holds()
    {
        await using var race = await AtStepOneAsync();
        race.Hooks.HoldBack((resource, _) => resource == "pods");
        await race.Scene.ScriptPodAsync("web-0", "ready", "false");
        await race.Scene.UntilReadyAsync("web-0", false, isSeen: false);
        await race.Scene.Cluster.UntilAsync("the status says so", async () => (await race.Scene.Web.SetAsync()).Member("status").WholeNumber("availableReplicas") == 2, race.Scene.Web.DescribeAsync);
        await race.Scene.Cluster.UntilSeenAsync(race.Scene.Web.Path);
        await race.ApproveAsync();
        Assert.That(await race.Scene.UntilWaitsAsync("BudgetUsed"), Does.Contain("the StatefulSet's status says 2 of 3 are available"));
        Assert.That((await race.Scene.ImagesAsync(), await race.Scene.Web.PartitionAsync()), Is.EqualTo(("v1 v1 v2", 2L)));

        await race.Scene.ScriptPodAsync("web-0", "ready", "true");
        race.Hooks.Thaw();
        await race.Scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [Test]
    public async Task U32_While_the_controller_is_not_seen_to_have_taken_in_the_last_spec_nothing_is_taken()
    {
        await using var race = await AtStepOneAsync();
        race.Hooks.HoldBack((resource, text) =>
        {
            using var document = JsonDocument.Parse(text);
            var set = document.RootElement.Member("object");
            return resource == "statefulsets" && document.RootElement.Text("type") == "MODIFIED" && set.Member("metadata").WholeNumber("generation") == set.Member("status").WholeNumber("observedGeneration");
        });
        var changed = await race.Scene.Cluster.PatchAsync(race.Scene.Web.Path, new JsonObject { ["spec"] = new JsonObject { ["revisionHistoryLimit"] = 9 } });
        await race.Scene.Cluster.UntilSeenAsync(race.Scene.Web.Path, changed);
        await race.ApproveAsync();
        await race.Scene.Cluster.UntilAsync(
            "the rollout waits for it",
            async () => (await race.Scene.Web.RolloutsAsync())[^1].Member("status").Member("current").Text("reason") is "NotObserved" or "HoldReturning" or "StoresNotFresh",
            race.Scene.Web.DescribeAsync);
        Assert.That((await race.Scene.ImagesAsync(), await race.Scene.Web.PartitionAsync()), Is.EqualTo(("v1 v1 v2", 2L)).Or.EqualTo(("v1 v1 v2", 1_000_000_000L)));

        race.Hooks.Thaw();
        await race.Scene.Web.UntilRolloutAsync("True", "Completed");
    }

    [TestCase(false, TestName = "U38_A_pod_that_somebody_else_replaces_just_before_its_eviction_is_not_taken_again")]
    [TestCase(true, TestName = "U38_T17_After_an_eviction_with_a_UID_that_is_gone_the_budget_settles_first")]
    public async Task Another_was_faster(bool hasBudget)
    {
        await using var race = await Race.StartAsync(kind, Workload.Quick("OnDelete"));
        if (hasBudget)
        {
            await race.Scene.Web.AddBudgetAsync(1);
        }

        var before = await race.Scene.UidAsync("web-2");
        await using var witness = await race.Scene.WitnessAsync(3);
        var hasHappened = false;
        race.Hooks.BeforeWrite = async request =>
        {
            if (hasHappened || !request.Path.EndsWith("web-2/eviction", StringComparison.Ordinal))
            {
                return;
            }

            hasHappened = true;
            await race.Scene.Cluster.DeleteAsync($"{race.Scene.Web.Pods}/web-2");
            await race.Scene.Cluster.UntilAsync("another web-2 is ready", async () => await race.Scene.UidAsync("web-2") is { Length: > 0 } uid && uid != before && Scene.IsReady((await race.Scene.Cluster.FindAsync($"{race.Scene.Web.Pods}/web-2")).GetValueOrDefault()));
        };

        await race.Scene.Web.ChangeTemplateAsync("app:v2");
        if (hasBudget)
        {
            Assert.That(await race.Scene.UntilWaitsAsync("DisruptionBudgetSettling"), Does.Contain("an eviction was refused"));
            Assert.That(await race.Scene.ImagesAsync(), Is.EqualTo("v1 v1 v2"));
            return;
        }

        await race.Scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(hasHappened, Is.True);
        Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2), "web-2 not a second time");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task T2_T4_T6_T19_What_changes_between_the_look_and_the_write_is_refused_and_planned_anew()
    {
        // Made by a create that names no strategy: an apply of OnDelete would be refused (T2, T4); a patch of the whole field is not.
        await using var race = await Race.StartAsync(kind, Workload.Quick("OnDelete"));
        var (hasWritten, hasTouched, evictions) = (false, false, 0);
        race.Hooks.BeforeWrite = async request =>
        {
            if (!hasWritten && request.Method == "PATCH" && request.Path == race.Scene.Web.Path && Encoding.UTF8.GetString(request.Body.Span).Contains("\"OnDelete\"", StringComparison.Ordinal))
            {
                hasWritten = true;
                await race.Scene.Cluster.PatchAsync(race.Scene.Web.Path, new JsonObject { ["spec"] = new JsonObject { ["revisionHistoryLimit"] = 9 } });
            }
            else if (request.Path.EndsWith("web-2/eviction", StringComparison.Ordinal))
            {
                evictions++;
                if (!hasTouched)
                {
                    hasTouched = true;
                    await race.Scene.ScriptPodAsync("web-2", "note", "touched");
                }
            }
        };
        await using var witness = await race.Scene.WitnessAsync(3);
        await race.Scene.Web.ChangeTemplateAsync("app:v2");
        await race.Scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That((hasWritten, hasTouched), Is.EqualTo((true, true)));
        Assert.That(evictions, Is.EqualTo(2), "the first with a version that was stale by then: 409; the second with a fresh one");
        Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-2", "web-1", "web-0"]));
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task T3_A_write_that_does_not_name_the_strategy_leaves_what_an_earlier_one_made_of_it()
    {
        // Were they applies of one manager, the first that does not name the partition would give it up: 0, and under Parallel all pods roll at once.
        var update = Workload.Quick("Partition");
        update["steps"] = new JsonArray(new JsonObject { ["pods"] = 1, ["pause"] = new JsonObject() }, new JsonObject { ["pods"] = "100%" });
        await using var race = await Race.StartAsync(kind, update, "Parallel");
        var silent = new ConcurrentQueue<JsonElement>();
        race.Hooks.AfterWrite = (request, answer) =>
        {
            if (request.Method == "PATCH" && request.Path == race.Scene.Web.Path && answer.IsSuccess && !Encoding.UTF8.GetString(request.Body.Span).Contains("updateStrategy", StringComparison.Ordinal))
            {
                using var document = JsonDocument.Parse(answer.Body);
                silent.Enqueue(document.RootElement.Member("spec").Member("updateStrategy").Clone());
            }
        };
        await using var witness = await race.Scene.WitnessAsync(3);
        await race.Scene.Web.ChangeTemplateAsync("app:v2");
        await race.Scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        Assert.That((await race.Scene.ImagesAsync(), await race.Scene.Web.PartitionAsync()), Is.EqualTo(("v1 v1 v2", 2L)));
        await race.ApproveAsync();
        await race.Scene.Web.UntilRolloutAsync("True", "Completed");
        await race.Scene.Web.UntilUnclaimedAsync();

        Assert.That(silent, Is.Not.Empty, "the claim before all of it names no strategy");
        Assert.That(silent.Select(strategy => strategy.Member("rollingUpdate").WholeNumber("partition")), Is.All.EqualTo(1_000_000_000), "held all the same");
        Assert.That((await race.Scene.Web.SetAsync()).Member("metadata").Member("managedFields").Items().Select(entry => entry.Text("operation")), Is.All.EqualTo("Update"), "nobody's apply");
        Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task T5_A_set_that_is_deleted_between_the_look_and_the_write_is_not_found_and_nothing_tries_to_make_it()
    {
        await using var race = await Race.StartAsync(kind, Workload.Quick("Partition"));
        var hasDeleted = false;
        var answers = new ConcurrentQueue<int>();
        var made = new ConcurrentQueue<string>();
        race.Hooks.BeforeWrite = async request =>
        {
            if (!hasDeleted && request.Path == race.Scene.Web.Path && Encoding.UTF8.GetString(request.Body.Span).Contains("\"partition\":2", StringComparison.Ordinal))
            {
                hasDeleted = true;
                await race.Scene.Cluster.DeleteAsync(race.Scene.Web.Path);
                await race.Scene.Cluster.UntilAsync("the set is gone", async () => (await race.Scene.Web.SetAsync()).ValueKind is JsonValueKind.Undefined);
            }
        };
        race.Hooks.AfterWrite = (request, answer) =>
        {
            if (hasDeleted && request.Path == race.Scene.Web.Path)
            {
                answers.Enqueue(answer.StatusCode);
            }
            else if (request.Method == "POST" && request.Path.EndsWith("/statefulsets", StringComparison.Ordinal))
            {
                made.Enqueue(request.Path);
            }
        };

        await race.Scene.Web.ChangeTemplateAsync("app:v2");
        await race.Scene.Web.UntilRolloutAsync("False", "TargetGone");
        Assert.That(answers, Is.Not.Empty.And.All.EqualTo(404), "an apply would be answered with 422: it tries to create what is not there");
        Assert.That((made, (await race.Scene.Web.SetAsync()).ValueKind), Is.EqualTo((Array.Empty<string>(), JsonValueKind.Undefined)));

        // Another set of that name is taken over like any.
        race.Hooks.BeforeWrite = _ => Task.CompletedTask;
        await race.Scene.Cluster.UntilAsync("its pods are gone", async () => (await race.Scene.Web.PodsAsync()).Count == 0, race.Scene.Web.DescribeAsync);
        await race.Scene.Web.CreateAsync();
        await race.Scene.Web.UntilHeldAsync();
        await race.Scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        Assert.That(await race.Scene.Web.RolloutsAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task U39_An_eviction_that_the_server_refuses_for_a_PodDisruptionBudget_waits_and_nothing_is_deleted_past_it()
    {
        await using var race = await Race.StartAsync(kind, Workload.Quick("OnDelete"));
        var budget = $"/apis/policy/v1/namespaces/{race.Scene.Namespace}/poddisruptionbudgets/web";
        var before = await race.Scene.Web.PodsAsync();
        var evictions = 0;
        var deletions = 0;
        race.Hooks.BeforeWrite = async request =>
        {
            deletions += request.Method == "DELETE" ? 1 : 0;
            if (request.Path.EndsWith("/eviction", StringComparison.Ordinal) && Interlocked.Increment(ref evictions) == 1)
            {
                // Between the operator's last look and its request: it knows of no budget yet.
                await race.Scene.Web.AddBudgetAsync(0);
                await race.Scene.Cluster.UntilAsync("the budget is counted", async () => (await race.Scene.Cluster.FindAsync(budget)).GetValueOrDefault().Member("status").WholeNumber("observedGeneration") == 1);
            }
        };

        await race.Scene.Web.ChangeTemplateAsync("app:v2");
        Assert.That(await race.Scene.UntilWaitsAsync("DisruptionBudgetSettling"), Does.Contain("an eviction was refused"));
        Assert.That(await race.Scene.Web.PodsAsync(), Is.EqualTo(before));
        Assert.That((evictions, deletions), Is.EqualTo((1, 0)), "not tried again before its time, and not gone past");
    }

    [Test]
    public async Task T9_A_release_that_is_not_taken_because_a_lower_pod_fell_is_pulled_back_and_given_anew()
    {
        await using var race = await Race.StartAsync(kind, Workload.Quick("Partition"));
        var before = await race.Scene.Web.PodsAsync();
        var hasHappened = false;
        var pulledBack = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        race.Hooks.BeforeWrite = async request =>
        {
            var body = request.Method == "PATCH" && request.Path == race.Scene.Web.Path ? Encoding.UTF8.GetString(request.Body.Span) : "";
            if (hasHappened && body.Contains("\"partition\":1000000000", StringComparison.Ordinal))
            {
                pulledBack.TrySetResult();
            }

            if (hasHappened || !body.Contains("\"partition\":2", StringComparison.Ordinal))
            {
                return;
            }

            // Between the operator's last look and its write: the built-in controller waits for web-0 now, under OrderedReady.
            hasHappened = true;
            await race.Scene.ScriptPodAsync("web-0", "ready", "false");
            await race.Scene.UntilReadyAsync("web-0", false);
            await race.Scene.Cluster.UntilAsync("the controller has seen it", async () => (await race.Scene.Web.SetAsync()).Member("status").WholeNumber("readyReplicas") == 2);
        };

        await race.Scene.Web.ChangeTemplateAsync("app:v2");
        await race.Scene.Cluster.UntilAsync("the release is pulled back", () => Task.FromResult(pulledBack.Task.IsCompleted), race.Scene.Web.DescribeAsync);
        Assert.That(await race.Scene.Web.PodsAsync(), Is.EqualTo(before));
        await race.Scene.ScriptPodAsync("web-0", "ready", "true");
        await race.Scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That((await race.Scene.Web.PodsAsync()).Values.Select(pod => pod.Uid), Has.None.AnyOf(before.Values.Select(pod => pod.Uid).ToArray<object>()));
    }

    [Test]
    public async Task A_template_that_somebody_changes_after_a_request_has_written_its_own_stays()
    {
        await using var race = await Race.StartAsync(kind, Workload.Quick());
        var hasWritten = false;
        var hasChanged = false;
        race.Hooks.BeforeWrite = async request =>
        {
            if (hasWritten && !hasChanged)
            {
                // Between the request's write of its template and the operator's next write, whatever that is.
                hasChanged = true;
                await race.Scene.Web.ChangeTemplateAsync("app:v3");
            }

            hasWritten |= request.Method == "PATCH" && request.Path == race.Scene.Web.Path && Encoding.UTF8.GetString(request.Body.Span).Contains("app:v2", StringComparison.Ordinal);
        };

        await race.Scene.Web.CreateRolloutAsync("release", new JsonObject
        {
            ["policyRef"] = new JsonObject { ["name"] = "web" },
            ["type"] = "Update",
            ["update"] = new JsonObject { ["images"] = new JsonArray(new JsonObject { ["container"] = "c", ["image"] = "app:v2" }) },
        });
        await race.Scene.Web.UntilRolloutAsync("release", "False", "Superseded");
        await race.Scene.Web.UntilRolloutAsync("True", "Completed");
        Assert.That(hasChanged, Is.True);
        Assert.That(await race.Scene.ImagesAsync(), Is.EqualTo("v3 v3 v3"));
    }

    /// <summary>Under Parallel, where a partition that is too low would show at once.</summary>
    private async Task<Race> AtStepOneAsync(Func<Scene, Task>? prepare = null, Action<JsonObject, Scene>? change = null)
    {
        var update = Workload.Quick();
        update["steps"] = new JsonArray(new JsonObject { ["pods"] = 1, ["pause"] = new JsonObject() }, new JsonObject { ["pods"] = "100%" });
        var race = await Race.StartAsync(kind, update, "Parallel", prepare, change);
        await race.Scene.Web.ChangeTemplateAsync("app:v2");
        await race.Scene.Web.UntilRolloutAsync("Unknown", "AwaitingApproval");
        return race;
    }

    /// <summary>A cluster of its own, whose operator talks through hooks.</summary>
    private sealed class Race : IAsyncDisposable
    {
        private readonly SimulatedCluster cluster;
        private readonly RunningOperator running;

        private Race(SimulatedCluster cluster, Scene scene, RunningOperator running, HookedTransport hooks) =>
            (this.cluster, Scene, this.running, Hooks) = (cluster, scene, running, hooks);

        public Scene Scene { get; }

        public HookedTransport Hooks { get; }

        public static async Task<Race> StartAsync(ClusterKind kind, JsonObject update, string management = "OrderedReady", Func<Scene, Task>? prepare = null, Action<JsonObject, Scene>? change = null)
        {
            var cluster = await SimulatedCluster.StartAsync(kind);
            var scene = await Scene.EmptyAsync(cluster, new ScriptedGates());
            if (prepare is not null)
            {
                await prepare(scene);
            }

            await scene.Web.CreateAsync(management: management, change: set => change?.Invoke(set, scene));
            await scene.Web.AddPolicyAsync(update);
            HookedTransport? hooks = null;

            // What happens before a write counts as part of it, so a write may take long.
            var running = new RunningOperator(cluster, inner => hooks = new HookedTransport(inner), requestTimeout: TimeSpan.FromMinutes(2));
            await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
            return new Race(cluster, scene, running, hooks!);
        }

        public async Task ApproveAsync() =>
            await Scene.Web.PatchRolloutAsync((await Scene.Web.RolloutsAsync())[^1].Member("metadata").Text("name"), new JsonObject { ["approvedStep"] = 1 });

        public async ValueTask DisposeAsync()
        {
            Hooks.Thaw();
            await running.DisposeAsync();
            await cluster.DisposeAsync();
        }
    }
}
