using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// The JSON gateway's language, etcd 3.4 to 3.6: 64-bit integers are strings (numbers are taken too), fields at their zero value are left out,
/// errors are <c>{"error","code","message"}</c>. No input makes it throw.
/// </summary>
internal static class EtcdWire
{
    internal const string StatusPath = "/v3/maintenance/status";
    internal const string AlarmPath = "/v3/maintenance/alarm";
    internal const string TransferPath = "/v3/maintenance/transfer-leadership";
    internal const string SnapshotPath = "/v3/maintenance/snapshot";
    internal const string MembersPath = "/v3/cluster/member/list";
    internal const string RangePath = "/v3/kv/range";
    internal const string AuthenticatePath = "/v3/auth/authenticate";

    /// <summary>The key that etcdctl's health check reads. A range over all keys would visit every one of them before etcd 3.5.</summary>
    internal static readonly byte[] RangeBody = """{"key":"aGVhbHRo","limit":"1","keys_only":true}"""u8.ToArray();

    internal static readonly byte[] EmptyBody = "{}"u8.ToArray();

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    internal static byte[] TransferBody(ulong target) => Encoding.UTF8.GetBytes($$"""{"targetID":"{{target}}"}""");

    internal static byte[] AuthenticateBody(string name, string password)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("password", password);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static EtcdResult<EtcdStatus> Status(ReadOnlyMemory<byte> body) => Decode(body, root =>
    {
        var header = Object(root, "header");
        return new EtcdStatus
        {
            ClusterId = Present(Number(header, "cluster_id"), "header.cluster_id"),
            MemberId = Present(Number(header, "member_id"), "header.member_id"),
            Version = Text(root, "version"),
            DbSize = Number(root, "dbSize"),
            DbSizeInUse = Number(root, "dbSizeInUse"),
            DbSizeQuota = Number(root, "dbSizeQuota"),
            Leader = Number(root, "leader"),
            RaftIndex = Number(root, "raftIndex"),
            RaftTerm = Number(root, "raftTerm"),
            RaftAppliedIndex = Number(root, "raftAppliedIndex"),
            Errors = Texts(root, "errors"),
            IsLearner = Flag(root, "isLearner"),
            Revision = Number(header, "revision"),
            DowngradeTarget = Downgrade(root),
        };
    });

    internal static EtcdResult<EtcdMemberList> Members(ReadOnlyMemory<byte> body) => Decode(body, root =>
    {
        var members = Items(root, "members").Select(m => new EtcdMember
        {
            Id = Present(Number(m, "ID"), "members.ID"),
            Name = Text(m, "name"),
            PeerUrls = Texts(m, "peerURLs"),
            ClientUrls = Texts(m, "clientURLs"),
            IsLearner = Flag(m, "isLearner"),
        }).OrderBy(m => m.Id).ToImmutableArray();
        for (var i = 1; i < members.Length; i++)
        {
            if (members[i].Id == members[i - 1].Id)
            {
                throw new FormatException($"member {EtcdId.Text(members[i].Id)} is listed twice");
            }
        }

        return new EtcdMemberList(Present(Number(Object(root, "header"), "member_id"), "header.member_id"), members);
    });

    /// <summary>Reads the id of the member that served a read.</summary>
    internal static EtcdResult<string> Reader(ReadOnlyMemory<byte> body) =>
        Decode(body, root => EtcdId.Text(Present(Number(Object(root, "header"), "member_id"), "header.member_id")));

    internal static EtcdResult<EtcdAlarm[]> Alarms(ReadOnlyMemory<byte> body) => Decode(body, root =>
        Items(root, "alarms").Select(a => new EtcdAlarm(Number(a, "memberID"), AlarmType(a))).ToArray());

    internal static EtcdResult<string> Token(ReadOnlyMemory<byte> body) => Decode(body, root =>
        Text(root, "token") is { Length: > 0 } token ? token : throw new FormatException("no token"));

    internal static EtcdResult<string> Done(ReadOnlyMemory<byte> body) => Decode(body, _ => "");

    /// <summary>Reads an error's gRPC code and words; null when this is not etcd's error format.</summary>
    internal static (int Code, string Message)? Error(ReadOnlyMemory<byte> body)
    {
        var error = Decode(body, root =>
        {
            var code = Present(Number(root, "code"), "code");
            var message = Text(root, "message");
            return Tuple.Create(code, message.Length > 0 ? message : Text(root, "error"));
        });
        return error.Value is { Item1: <= 16 } e ? ((int)e.Item1, Clean(e.Item2)) : null;
    }

    /// <summary>Reads the alarms out of Status.errors, where each stands as <c>memberID:123 alarm:NOSPACE</c>.</summary>
    internal static IEnumerable<EtcdAlarm> AlarmsOf(EtcdStatus status)
    {
        foreach (var error in status.Errors)
        {
            var at = error.IndexOf("alarm:", StringComparison.Ordinal);
            if (at < 0)
            {
                continue;
            }

            var type = error[(at + "alarm:".Length)..].TrimStart().Split(' ', 2)[0].Trim('"');
            var id = error.IndexOf("memberID:", StringComparison.Ordinal);
            var digits = id < 0 ? "" : error[(id + "memberID:".Length)..].TrimStart().Split(' ', 2)[0];
            yield return new EtcdAlarm(Utf8Parser.TryParse(Encoding.UTF8.GetBytes(digits), out ulong member, out _) ? member : 0, Clean(type));
        }
    }

    /// <summary>Makes foreign words fit for a message: printable, and not long.</summary>
    internal static string Clean(string text) => GateText.Clean(text);

    /// <summary>Reads one line of a snapshot: a piece of the file, or an error that ends it.</summary>
    internal static EtcdResult<byte[]> SnapshotPiece(ReadOnlyMemory<byte> line) => Decode(line, root =>
    {
        if (root.TryGetProperty("error", out var error))
        {
            throw new FormatException(error.ValueKind is JsonValueKind.Object ? Text(error, "message") : "an error");
        }

        var result = Object(root, "result");
        return result.TryGetProperty("blob", out var blob) && blob.ValueKind is JsonValueKind.String
            ? blob.GetBytesFromBase64()
            : throw new FormatException("result.blob is missing");
    });

    /// <summary>Reads a streamed error's gRPC code and words, which stand one level deeper than those of a single answer; null when there is none.</summary>
    internal static (int Code, string Message)? StreamError(ReadOnlyMemory<byte> line)
    {
        var error = Decode(line, root =>
        {
            var inner = root.TryGetProperty("error", out var found) && found.ValueKind is JsonValueKind.Object ? found : root;
            var code = Number(inner, "grpc_code") is > 0 and var grpc ? grpc : Number(inner, "code");
            var message = Text(inner, "message");
            return Tuple.Create(Present(code, "code"), message.Length > 0 || inner.ValueKind is not JsonValueKind.Object ? message : Text(inner, "error"));
        });
        return error.Value is { Item1: <= 16 } e ? ((int)e.Item1, Clean(e.Item2)) : null;
    }

    /// <summary>etcd 3.6 tells in Status whether a downgrade was begun, and to which version.</summary>
    private static string Downgrade(JsonElement root) =>
        root.TryGetProperty("downgradeInfo", out var info) && info.ValueKind is JsonValueKind.Object && Flag(info, "enabled") ? Clean(Text(info, "targetVersion")) : "";

    private static string AlarmType(JsonElement alarm)
    {
        var type = alarm.TryGetProperty("alarm", out var value) && value.ValueKind is JsonValueKind.String ? Text(alarm, "alarm") : Number(alarm, "alarm") switch
        {
            1 => EtcdAlarm.NoSpace,
            2 => EtcdAlarm.Corrupt,
            var other => $"alarm {other}",
        };
        return Clean(type);
    }

    private static EtcdResult<T> Decode<T>(ReadOnlyMemory<byte> body, Func<JsonElement, T> read)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind is JsonValueKind.Object ? read(document.RootElement) : NotEtcd("not a JSON object");
        }
        catch (JsonException)
        {
            return NotEtcd("not JSON");
        }
        catch (FormatException e)
        {
            return NotEtcd(e.Message);
        }
        catch (InvalidOperationException)
        {
            // A string with an invalid UTF-8 sequence or a lone surrogate.
            return NotEtcd("a text that is not UTF-8");
        }
    }

    private static EtcdFailure NotEtcd(string what) => new(EtcdFailureKind.NotEtcd, $"the answer is not etcd's: {what}");

    private static ulong Present(ulong value, string name) => value != 0 ? value : throw new FormatException($"{name} is missing");

    private static JsonElement Object(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Object ? value : throw new FormatException($"{name} is missing");

    private static JsonElement[] Items(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            return [];
        }

        if (value.ValueKind is not JsonValueKind.Array || value.EnumerateArray().Any(i => i.ValueKind is not JsonValueKind.Object))
        {
            throw new FormatException($"{name} is not a list of objects");
        }

        return [.. value.EnumerateArray()];
    }

    private static ulong Number(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            return 0;
        }

        ulong number = 0;
        var isNumber = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetUInt64(out number),
            JsonValueKind.String => ulong.TryParse(value.GetString(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number),
            _ => false,
        };
        return isNumber ? number : throw new FormatException($"{name} is not a number");
    }

    private static string Text(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            return "";
        }

        return value.ValueKind is JsonValueKind.String ? value.GetString()! : throw new FormatException($"{name} is not a text");
    }

    private static ImmutableArray<string> Texts(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            return [];
        }

        if (value.ValueKind is not JsonValueKind.Array || value.EnumerateArray().Any(i => i.ValueKind is not JsonValueKind.String))
        {
            throw new FormatException($"{name} is not a list of texts");
        }

        return [.. value.EnumerateArray().Select(i => i.GetString()!)];
    }

    private static bool Flag(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            return false;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new FormatException($"{name} is not true or false");
    }
}
