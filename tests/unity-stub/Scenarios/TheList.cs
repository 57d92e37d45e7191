using System;
using System.IO;
using System.Linq;

namespace Scenarios
{
    /// The stub has what the package uses, and the list says what that is.
    public static class TheList
    {
        public static void OfUnitysMembers()
        {
            var used = Members.Used();
            var offered = Members.Offered();
            // What the stub must have for others' sake: members that scenarios use, and halves of properties.
            var spare = offered.Where(name => !used.Contains(name)).ToArray();
            File.WriteAllLines(Path.Combine(Program.Folder, "members.txt"), used.ToArray());
            File.WriteAllLines(Path.Combine(Program.Folder, "spare.txt"), spare);
            int types = used.Count(name => !name.Contains("(") && offered.Contains(name));
            Console.WriteLine("       " + types + " types and " + (used.Count - types) + " members of Unity are used; the stub has " +
                spare.Length + " more");
        }
    }
}
