using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Neuvol.Editor.Tests")]
