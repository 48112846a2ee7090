using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Conformance.Api;

/// <summary>What only a socket shows: tokens, a body that is too long for the wire, and answers that are no JSON.</summary>
[NotOn(ClusterKind.InProcess, "there is no socket")]
public sealed class HttpsTests(ClusterKind kind) : ConformanceTests(kind)
{
    [Test, Rule("API-token-wrong")]
    public async Task A_wrong_token_is_refused()
    {
        using var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(Space.Cluster.Kubeconfig!) with { Token = "wrong" }, TimeProvider.System);
        var call = new ApiCall("GET", $"/api/v1/namespaces/{Space.Name}/configmaps");
        var answer = new Answer(call, await door.SendAsync(call, CancellationToken.None));
        Assert.That(answer.Code, Is.EqualTo(401));
        Assert.That(answer.Body.ToJsonString(), Is.EqualTo("""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"""));
    }

    [Test, Rule("API-body-too-long")]
    public async Task A_body_of_eight_megabytes_is_answered_and_the_server_stays_up()
    {
        var call = new ApiCall("POST", $"/api/v1/namespaces/{Space.Name}/configmaps") { ContentType = "application/json", Body = new byte[8 * 1024 * 1024] };
        try
        {
            // A busy machine takes its time over so much.
            using var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(Space.Cluster.Kubeconfig!) with { Timeout = TimeSpan.FromMinutes(5) }, TimeProvider.System);
            var answer = new Answer(call, await door.SendAsync(call, CancellationToken.None));
            answer.Refused(413, "Request entity too large: limit is 3145728");
        }
        catch (HttpRequestException) when (Kind is ClusterKind.Real)
        {
            // A real server closes the connection without having read it all; what the client sees is a matter of chance.
        }

        (await Space.SendAsync("GET", $"/api/v1/namespaces/{Space.Name}")).Ok();
    }

    [Test, Rule("API-path-undecodable")]
    [NotOn(ClusterKind.Real, "over HTTP/2 it resets the stream before there is an answer")]
    public async Task A_path_that_cannot_be_decoded_is_a_bad_request()
    {
        var answer = await Space.SendAsync("GET", $"/api/v1/namespaces/{Space.Name}/configmaps/%zz");
        Assert.That((answer.Code, answer.Text), Is.EqualTo((400, "400 Bad Request")));
    }
}
