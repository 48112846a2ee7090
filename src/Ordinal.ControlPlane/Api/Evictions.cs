using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Answers <c>pods/eviction</c> in the order of a real API server: first the budget, then the deletion. So a failed precondition
/// has already burnt the budget's allowance, and the budget's controller gives it back only when its entry in
/// <c>disruptedPods</c> is two minutes old.
/// </summary>
internal sealed class Evictions(TimeProvider timeProvider, RevisionedStore store, ObjectWriter writer, Deleter deleter, TypeRegistry types)
{
    private const string Blocked = "Cannot evict pod as it would violate the pod's disruption budget.";
    private const int MostDisruptedPods = 2000;

    /// <summary>Evicts a pod.</summary>
    /// <exception cref="ApiRefusalException">The budget, a precondition or the pod's absence forbids it.</exception>
    public ApiAnswer Create(ResourceType pods, RequestTarget target, ApiRequest request)
    {
        WriteOptions.Check(request);
        JsonObject body = Bodies.ReadSmall(request, "policy", "Eviction", "policy/v1", "policy/v1beta1");
        if (body.Child("metadata").Text("name") != target.Name)
        {
            throw Refuse.BadRequest("name in URL does not match name in Eviction object");
        }

        if (body.Child("metadata").Text("namespace") is { Length: > 0 } sent && sent != target.Namespace)
        {
            throw Refuse.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        DeleteOptions options = (body.Child("deleteOptions") is { } asked ? DeleteOptions.FromDocument(asked) : new DeleteOptions()).Checked();
        options = options with { DryRun = options.IsDryRun ? options.DryRun : request.All("dryRun") };
        var key = new StoreKey(pods.StorageName, target.Namespace, target.Name);
        StoredObject stored = store.Find(key) ?? throw Refuse.NotFound(pods, target.Name);
        JsonObject pod = stored.Parse();

        string? budgetThatLetItPass = null;
        DeleteOptions deletion = options;
        if (!IgnoresBudgets(pod) && BudgetOf(stored) is { } budget)
        {
            JsonObject document = budget.Parse();
            if (!IsReady(pod) && LetsUnreadyPodsGo(document))
            {
                // The verdict holds only for the pod that was looked at.
                budgetThatLetItPass = budget.Key.Name;
                deletion = options with { ResourceVersion = options.ResourceVersion ?? pod.Metadata().Text("resourceVersion") };
            }
            else
            {
                TakeAllowance(budget.Key, target.Name, options.IsDryRun);
            }
        }

        try
        {
            Delete(pods, key, deletion);
        }
        catch (ApiRefusalException refusal) when (refusal.Code == 409 && budgetThatLetItPass is not null && options.ResourceVersion is null)
        {
            throw StillProcessed(budgetThatLetItPass);
        }

        return new ApiAnswer(201, JsonText.Write(new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201L,
        }));
    }

    private static bool IgnoresBudgets(JsonObject pod) =>
        pod.Child("status").Text("phase") is "Succeeded" or "Failed" or "Pending" || pod.Metadata().Text("deletionTimestamp") is not null;

    private static bool IsReady(JsonObject pod) => (pod.Child("status").List("conditions") ?? [])
        .Any(c => (c as JsonObject).Text("type") == "Ready" && (c as JsonObject).Text("status") == "True");

    private static bool LetsUnreadyPodsGo(JsonObject budget)
    {
        if (budget.Child("spec").Text("unhealthyPodEvictionPolicy") == "AlwaysAllow")
        {
            return true;
        }

        JsonObject? status = budget.Child("status");
        long desired = status.Number("desiredHealthy") ?? 0;
        return desired > 0 && (status.Number("currentHealthy") ?? 0) >= desired;
    }

    private static ApiRefusalException StillProcessed(string budget) => new(429, "TooManyRequests", Blocked)
    {
        Causes = [new StatusCause("DisruptionBudget", $"The disruption budget {budget} is still being processed by the server.")],
        RetryAfterSeconds = 10,
    };

    private StoredObject? BudgetOf(StoredObject pod)
    {
        ResourceType budgets = types.FindAnyVersion("policy", "poddisruptionbudgets")!;
        StoredObject[] matching =
        [
            .. store.Snapshot(budgets.StorageName, pod.Key.Namespace).Objects()
                .Where(b => LabelSelector.FromDocument(b.Parse().Child("spec").Child("selector"))?.Matches(pod.Labels) == true),
        ];
        return matching.Length > 1
            ? throw new ApiRefusalException(500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
            : matching.FirstOrDefault();
    }

    /// <summary>Takes one disruption from the budget and notes the pod in it.</summary>
    private void TakeAllowance(StoreKey key, string pod, bool isDryRun)
    {
        ResourceType budgets = types.FindAnyVersion("policy", "poddisruptionbudgets")!;
        var context = new WriteContext("kube-apiserver", timeProvider.GetUtcNow()) { ApiVersion = budgets.ApiVersion, Subresource = "status", IsDryRun = isDryRun };
        writer.Update(
            budgets,
            key,
            budget =>
            {
                JsonObject status = budget.Ensure("status");
                if ((status.Number("observedGeneration") ?? 0) < (budget.Metadata().Number("generation") ?? 0))
                {
                    throw StillProcessed(key.Name);
                }

                long allowed = status.Number("disruptionsAllowed") ?? 0;
                if (allowed < 0)
                {
                    throw Refuse.Forbidden(budgets, key.Name, "pdb disruptions allowed is negative");
                }

                if (status.Child("disruptedPods")?.Count > MostDisruptedPods)
                {
                    throw Refuse.Forbidden(budgets, key.Name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
                }

                if (allowed == 0)
                {
                    throw Exhausted(key.Name, status);
                }

                status["disruptionsAllowed"] = allowed - 1;
                if (allowed == 1)
                {
                    SetInsufficient(budget, status, context.Now);
                }

                status.Ensure("disruptedPods")[pod] = JsonNodes.Timestamp(context.Now);
                return budget;
            },
            context);
    }

    private static ApiRefusalException Exhausted(string budget, JsonObject status)
    {
        JsonObject? condition = (status.List("conditions") ?? []).OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == "DisruptionAllowed");
        string message = condition.Text("status") == "False" && condition.Text("reason") == "SyncFailed"
            ? condition.Text("message") ?? ""
            : $"The disruption budget {budget} needs {status.Number("desiredHealthy") ?? 0} healthy pods and has {status.Number("currentHealthy") ?? 0} currently";
        return new ApiRefusalException(429, "TooManyRequests", Blocked) { Causes = [new StatusCause("DisruptionBudget", message)] };
    }

    private static void SetInsufficient(JsonObject budget, JsonObject status, DateTimeOffset now)
    {
        if (status.List("conditions") is not { } conditions)
        {
            conditions = [];
            status["conditions"] = conditions;
        }

        JsonObject? condition = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == "DisruptionAllowed");
        if (condition is null)
        {
            condition = new JsonObject { ["type"] = "DisruptionAllowed" };
            conditions.Add((JsonNode)condition);
        }

        if (condition.Text("status") != "False")
        {
            condition["lastTransitionTime"] = JsonNodes.Timestamp(now);
        }

        condition["status"] = "False";
        condition["reason"] = "InsufficientPods";
        condition["message"] = "";
        condition["observedGeneration"] = status.Number("observedGeneration") ?? budget.Metadata().Number("generation") ?? 0;
    }

    /// <summary>Marks the pod as disrupted, then deletes it; the mark is a write of its own and moves the resourceVersion on.</summary>
    private void Delete(ResourceType pods, StoreKey key, DeleteOptions options)
    {
        var context = new WriteContext("kube-apiserver", timeProvider.GetUtcNow()) { ApiVersion = "v1", Subresource = "status", IsDryRun = options.IsDryRun };
        if (!options.IsDryRun)
        {
            StoredObject marked = writer.Update(pods, key, pod => Mark(pods, pod, key.Name, options, context.Now), context);
            if (options.ResourceVersion is not null)
            {
                options = options with { ResourceVersion = marked.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture) };
            }
        }

        deleter.Delete(pods, key, options, context with { Subresource = "" });
    }

    private static JsonObject Mark(ResourceType pods, JsonObject pod, string name, DeleteOptions options, DateTimeOffset now)
    {
        // These messages say "Pod" where a delete says "pods", as a real server's do.
        Deleter.CheckPreconditions(pods, name, pod, options);
        JsonObject status = pod.Ensure("status");
        if (status.List("conditions") is not { } conditions)
        {
            conditions = [];
            status["conditions"] = conditions;
        }

        JsonObject? condition = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == "DisruptionTarget");
        if (condition?.Text("status") != "True")
        {
            conditions.Remove(condition);
            conditions.Add((JsonNode)new JsonObject
            {
                ["type"] = "DisruptionTarget",
                ["status"] = "True",
                ["observedGeneration"] = pod.Metadata().Number("generation") ?? 0,
                ["lastProbeTime"] = null,
                ["lastTransitionTime"] = JsonNodes.Timestamp(now),
                ["reason"] = "EvictionByEvictionAPI",
                ["message"] = "Eviction API: evicting",
            });
        }

        return pod;
    }
}
