using System.Collections.Immutable;

namespace Ordinal.Core.Planning;

/// <summary>A list that is used again in the next pass: its array grows, and is kept.</summary>
internal sealed class Outbox<T>
{
    private T[] _items = [];

    public int Count { get; private set; }

    public Span<T> Items => _items.AsSpan(0, Count);

    public ref T this[int index] => ref Items[index];

    public void Add(T item) => Insert(Count, item);

    public void Insert(int index, T item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(4, Count * 2));
        }

        Items[index..].CopyTo(_items.AsSpan(index + 1));
        _items[index] = item;
        Count++;
    }

    public void AddRange(ReadOnlySpan<T> items)
    {
        foreach (var item in items)
        {
            Add(item);
        }
    }

    public void RemoveAt(int index)
    {
        Items[(index + 1)..].CopyTo(_items.AsSpan(index));
        _items[--Count] = default!;
    }

    /// <summary>Forgets the items, so that nothing lives on because a thread keeps the list.</summary>
    public void Clear()
    {
        Items.Clear();
        Count = 0;
    }

    /// <summary>Copies the items into an array of exactly their number; none costs nothing.</summary>
    public ImmutableArray<T> ToImmutable() => ImmutableArray.Create<T>(Items);
}
