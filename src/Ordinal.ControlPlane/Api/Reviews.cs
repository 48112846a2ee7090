using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Answers access reviews. In this cut whoever holds the cluster's token may do everything, and reviews say so.
/// </summary>
internal static class Reviews
{
    /// <summary>Answers a review, or null when the request is none.</summary>
    public static ApiAnswer? Answer(ApiRequest request)
    {
        if (request is not { Call.Method: "POST", Target: { Group: "authorization.k8s.io", Version: "v1", Name: "", Resource: { } resource } })
        {
            return null;
        }

        switch (resource)
        {
            case "selfsubjectaccessreviews" or "subjectaccessreviews" or "localsubjectaccessreviews":
                JsonObject review = Bodies.Parse(request);
                review["status"] = new JsonObject { ["allowed"] = true, ["reason"] = "every user of this cluster is its administrator" };
                return new ApiAnswer(201, JsonText.Write(review));
            case "selfsubjectrulesreviews":
                JsonObject rules = Bodies.Parse(request);
                rules["status"] = new JsonObject
                {
                    ["resourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") }),
                    ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") }),
                    ["incomplete"] = false,
                };
                return new ApiAnswer(201, JsonText.Write(rules));
            default:
                return null;
        }
    }
}
