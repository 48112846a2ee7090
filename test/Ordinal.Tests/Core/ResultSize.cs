using System.Reflection;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;

namespace Ordinal.Tests.Core;

/// <summary>What a decision allocates beside what it returns, to the byte.</summary>
/// <remarks>
/// The result is every object that can be reached from the decision and that neither the input nor another decision on the same input can reach: so neither
/// what went in counts, nor what the program keeps anyway (reason codes, literals, empty arrays). How large an object is nobody has to guess: it is
/// copied, and what the thread's counter of allocated bytes says is its size. A decision that has no scratch allocates exactly this much.
/// </remarks>
internal static class ResultSize
{
    private static readonly Func<object, object> Clone = typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.CreateDelegate<Func<object, object>>();
    private static readonly Dictionary<Type, FieldInfo[]> Fields = [];

    /// <summary>Decides once more, and counts: the bytes of the result, and those beside it.</summary>
    internal static (long Result, long Beside) Of(RolloutInput input)
    {
        // The first decisions of a shape fill what the runtime and the thread keep.
        var before = RolloutPlanner.Decide(input);
        RolloutPlanner.Decide(input);

        // A collection in between cuts the thread's buffer off, and the counter takes the rest of it for allocated: what is allocated, is so each time.
        var (result, beside) = Weigh(input, before);
        for (var again = 0; again < 4 && beside != 0; again++)
        {
            (result, beside) = Weigh(input, before);
        }

        return (result, beside);
    }

    private static (long Result, long Beside) Weigh(RolloutInput input, Decision before)
    {
        var start = GC.GetAllocatedBytesForCurrentThread();
        var decision = RolloutPlanner.Decide(input);
        var all = GC.GetAllocatedBytesForCurrentThread() - start;

        var known = new HashSet<object>(ReferenceEqualityComparer.Instance);
        Reach(input, known, _ => { });
        Reach(before, known, _ => { });
        var result = 0L;
        Reach(decision, known, each => result += SizeOf(each));
        return (result, all - result);
    }

    private static void Reach(object? root, HashSet<object> seen, Action<object> found)
    {
        var left = new Stack<object?>([root]);
        while (left.TryPop(out var each))
        {
            // Boxes are made by the look itself: each is new, and only what is in it counts.
            if (each is null or Type or Delegate or Pointer)
            {
                continue;
            }

            var type = each.GetType();
            if (!type.IsValueType)
            {
                if (!seen.Add(each))
                {
                    continue;
                }

                found(each);
            }

            if (each is Array array && HasReferences(type.GetElementType()!))
            {
                foreach (var item in array)
                {
                    left.Push(item);
                }
            }
            else if (each is not (Array or string))
            {
                foreach (var field in FieldsOf(type))
                {
                    left.Push(field.GetValue(each));
                }
            }
        }
    }

    private static FieldInfo[] FieldsOf(Type type)
    {
        lock (Fields)
        {
            if (!Fields.TryGetValue(type, out var fields))
            {
                var all = new List<FieldInfo>();
                for (var of = type; of is not null; of = of.BaseType)
                {
                    all.AddRange(of.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Where(field => HasReferences(field.FieldType)));
                }

                Fields[type] = fields = [.. all];
            }

            return fields;
        }
    }

    private static bool HasReferences(Type type) => !type.IsPrimitive && !type.IsEnum && !type.IsPointer
        && (!type.IsValueType || type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Any(field => field.FieldType != type && HasReferences(field.FieldType)));

    private static long SizeOf(object each)
    {
        var start = GC.GetAllocatedBytesForCurrentThread();
        _ = each is string text ? new string(text.AsSpan()) : Clone(each);
        return GC.GetAllocatedBytesForCurrentThread() - start;
    }
}
