using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Neuvol.Editor")]
[assembly: InternalsVisibleTo("Neuvol.Tests")]
[assembly: InternalsVisibleTo("Neuvol.Editor.Tests")]
