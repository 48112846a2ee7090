using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Ordinal.Runtime.Client;

/// <summary>What a list says of itself.</summary>
/// <param name="ResourceVersion">The version of the whole list; a watch goes on from it.</param>
/// <param name="Continue">What to ask the next page with; empty on the last one.</param>
/// <param name="Bytes">Size of this page.</param>
public readonly record struct ListHead(string ResourceVersion, string Continue, long Bytes);

/// <summary>
/// Reads the JSON of a list object by object while it arrives. Read as a whole, a page of 500 pods is an array of 1.6 MB and a parsed document of about
/// the same size; both are too large for a young generation, and many pages of them make a process big for good.
/// </summary>
internal static class ListReader
{
    private const int FirstSize = 64 * 1024;

    /// <summary>An API server's objects stay below 3 MiB; an answer without an end must not take all memory.</summary>
    private const int LargestObject = 32 * 1024 * 1024;

    /// <summary>Reads one page.</summary>
    /// <param name="body">The page.</param>
    /// <param name="take">Called with each object, which is valid during the call only.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ApiException"><see cref="ApiErrorKind.Other"/>: the text is no list.</exception>
    public static async Task<ListHead> ReadAsync(Stream body, Action<JsonElement> take, CancellationToken cancellationToken)
    {
        var parser = new Parser(take);
        var buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
        try
        {
            var filled = 0;
            var bytes = 0L;
            while (true)
            {
                if (filled == buffer.Length)
                {
                    buffer = Grown(buffer, bytes);
                }

                var count = await body.ReadAsync(buffer.AsMemory(filled), cancellationToken);
                bytes += count;
                filled += count;
                var used = parser.Feed(buffer.AsSpan(0, filled), isEnd: count == 0, bytes);
                if (count == 0)
                {
                    return parser.IsDone ? new ListHead(parser.ResourceVersion, parser.Continue, bytes) : throw Unreadable(bytes);
                }

                buffer.AsSpan(used, filled - used).CopyTo(buffer);
                filled -= used;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grown(byte[] buffer, long bytes)
    {
        if (buffer.Length >= LargestObject)
        {
            throw new ApiException(ApiErrorKind.Other, string.Create(CultureInfo.InvariantCulture, $"The server's list has an object of more than {LargestObject} bytes (at byte {bytes})."));
        }

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    // Only the place is told: what was read may be a secret's value.
    private static ApiException Unreadable(long bytes) =>
        new(ApiErrorKind.Other, string.Create(CultureInfo.InvariantCulture, $"The server's answer is no list (within the first {bytes} bytes)."));

    /// <summary>Goes on where the last piece of the text ended.</summary>
    private sealed class Parser(Action<JsonElement> take)
    {
        private JsonReaderState state;
        private Place place;

        private enum Place
        {
            Begin,
            Members,
            BeforeMetadata,
            BeforeItems,
            BeforeOther,
            Items,
            End,
        }

        public string ResourceVersion { get; private set; } = "";

        public string Continue { get; private set; } = "";

        public bool IsDone => place is Place.End;

        /// <summary>Takes in what is there and returns how much of it was used; the rest is to come again, with more behind it.</summary>
        public int Feed(ReadOnlySpan<byte> data, bool isEnd, long bytes)
        {
            var reader = new Utf8JsonReader(data, isEnd, state);
            try
            {
                while (place is not Place.End && Step(ref reader))
                {
                }
            }
            catch (JsonException)
            {
                throw Unreadable(bytes);
            }

            state = reader.CurrentState;
            return (int)reader.BytesConsumed;
        }

        /// <summary>Makes one step; false, and the reader is where it was, when the text ends before the step does.</summary>
        private bool Step(ref Utf8JsonReader reader) => place switch
        {
            Place.Begin => Begin(ref reader),
            Place.Members => Member(ref reader),
            Place.BeforeMetadata => Metadata(ref reader),
            Place.BeforeItems => BeginItems(ref reader),
            Place.BeforeOther => Other(ref reader),
            Place.Items => Item(ref reader),
            Place.End => false,
        };

        private bool Begin(ref Utf8JsonReader reader)
        {
            if (!reader.Read())
            {
                return false;
            }

            place = reader.TokenType is JsonTokenType.StartObject ? Place.Members : throw new JsonException();
            return true;
        }

        private bool Member(ref Utf8JsonReader reader)
        {
            if (!reader.Read())
            {
                return false;
            }

            place = reader.TokenType is JsonTokenType.EndObject ? Place.End
                : reader.ValueTextEquals("items"u8) ? Place.BeforeItems
                : reader.ValueTextEquals("metadata"u8) ? Place.BeforeMetadata
                : Place.BeforeOther;
            return true;
        }

        private bool Metadata(ref Utf8JsonReader reader)
        {
            if (!JsonDocument.TryParseValue(ref reader, out var metadata))
            {
                return false;
            }

            using (metadata)
            {
                ResourceVersion = metadata.RootElement.Text("resourceVersion");
                Continue = metadata.RootElement.Text("continue");
            }

            place = Place.Members;
            return true;
        }

        private bool BeginItems(ref Utf8JsonReader reader)
        {
            if (!reader.Read())
            {
                return false;
            }

            // A server writes an empty list as null where its slice was never made.
            place = reader.TokenType switch
            {
                JsonTokenType.StartArray => Place.Items,
                JsonTokenType.Null => Place.Members,
                _ => throw new JsonException(),
            };
            return true;
        }

        private bool Other(ref Utf8JsonReader reader)
        {
            if (!reader.TrySkip())
            {
                return false;
            }

            place = Place.Members;
            return true;
        }

        private bool Item(ref Utf8JsonReader reader)
        {
            var before = reader;
            if (!reader.Read())
            {
                return false;
            }

            if (reader.TokenType is JsonTokenType.EndArray)
            {
                place = Place.Members;
                return true;
            }

            if (!JsonDocument.TryParseValue(ref reader, out var item))
            {
                reader = before;
                return false;
            }

            using (item)
            {
                take(item.RootElement);
            }

            return true;
        }
    }
}
