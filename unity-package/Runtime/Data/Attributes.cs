using System.Collections.Generic;

namespace Neuvol
{
    /// Attributes in a file's metadata, which are lists of { "name", "type", "value" }.
    internal static class Attributes
    {
        /// The text of an attribute of an object, or "".
        internal static string Text(Dictionary<string, object> of, string name)
        {
            object list;
            if (of == null || !of.TryGetValue("attributes", out list) || !(list is List<object>)) return "";
            foreach (var item in (List<object>)list)
            {
                var attribute = item as Dictionary<string, object>;
                object value;
                if (attribute == null || !attribute.TryGetValue("name", out value) || !name.Equals(value)) continue;
                if (!attribute.TryGetValue("value", out value)) return "";
                // A list of one text is a text.
                var texts = value as List<object>;
                if (texts != null && texts.Count == 1) value = texts[0];
                return value as string ?? "";
            }
            return "";
        }

        /// An object in a list of the metadata, or null.
        internal static Dictionary<string, object> Member(Dictionary<string, object> metadata, string list, int index)
        {
            object value;
            if (!metadata.TryGetValue(list, out value)) return null;
            var items = value as List<object>;
            return items != null && index < items.Count ? items[index] as Dictionary<string, object> : null;
        }
    }
}
