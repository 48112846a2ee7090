global using Ordinal.Core.Lifecycles;
