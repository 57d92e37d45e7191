using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Neuvol
{
    /// Reads JSON: objects as dictionaries, arrays as lists, numbers as doubles. Unity's JsonUtility cannot read values whose
    /// type differs from one attribute to the next.
    internal sealed class Json
    {
        const int Deepest = 64;

        readonly string text;
        int at;

        Json(string text)
        {
            this.text = text;
        }

        /// <exception cref="NeuvolException">If it is not valid JSON.</exception>
        internal static object Parse(string text)
        {
            var reader = new Json(text);
            var value = reader.Value(0);
            reader.Space();
            if (reader.at < text.Length) throw reader.Wrong("the end");
            return value;
        }

        object Value(int depth)
        {
            if (depth > Deepest) throw Wrong("less nesting");
            Space();
            switch (Peek())
            {
                case '{': return Object(depth);
                case '[': return Array(depth);
                case '"': return Text();
                case 't': return Word("true", true);
                case 'f': return Word("false", false);
                case 'n': return Word("null", null);
                default: return Number();
            }
        }

        Dictionary<string, object> Object(int depth)
        {
            var members = new Dictionary<string, object>();
            at++;
            Space();
            if (Took('}')) return members;
            do
            {
                Space();
                var name = Text();
                Space();
                if (!Took(':')) throw Wrong("':'");
                members[name] = Value(depth + 1);
                Space();
            }
            while (Took(','));
            if (!Took('}')) throw Wrong("',' or '}'");
            return members;
        }

        List<object> Array(int depth)
        {
            var items = new List<object>();
            at++;
            Space();
            if (Took(']')) return items;
            do
            {
                items.Add(Value(depth + 1));
                Space();
            }
            while (Took(','));
            if (!Took(']')) throw Wrong("',' or ']'");
            return items;
        }

        string Text()
        {
            if (!Took('"')) throw Wrong("a text");
            var result = new StringBuilder();
            while (true)
            {
                char c = Next();
                if (c == '"') return result.ToString();
                result.Append(c == '\\' ? Escaped() : c);
            }
        }

        char Escaped()
        {
            char c = Next();
            switch (c)
            {
                case 'n': return '\n';
                case 't': return '\t';
                case 'r': return '\r';
                case 'b': return '\b';
                case 'f': return '\f';
                case 'u':
                    ushort code;
                    bool good = at + 4 <= text.Length && ushort.TryParse(text.Substring(at, 4), NumberStyles.AllowHexSpecifier,
                        CultureInfo.InvariantCulture, out code);
                    if (!good) throw Wrong("four hexadecimal digits");
                    code = ushort.Parse(text.Substring(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                    at += 4;
                    return (char)code;
                case '"':
                case '\\':
                case '/': return c;
                default: throw Wrong("an escape");
            }
        }

        object Number()
        {
            int start = at;
            while (at < text.Length && "+-.0123456789eE".IndexOf(text[at]) >= 0) at++;
            double value;
            var digits = text.Substring(start, at - start);
            if (double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out value)) return value;
            at = start;
            throw Wrong("a value");
        }

        object Word(string word, object value)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) throw Wrong("a value");
            at += word.Length;
            return value;
        }

        void Space()
        {
            while (at < text.Length && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) at++;
        }

        char Peek()
        {
            return at < text.Length ? text[at] : '\0';
        }

        char Next()
        {
            if (at >= text.Length) throw Wrong("the end of a text");
            return text[at++];
        }

        bool Took(char c)
        {
            if (Peek() != c) return false;
            at++;
            return true;
        }

        NeuvolException Wrong(string expected)
        {
            return new NeuvolException("JSON: at character " + at + " stands no " + expected);
        }
    }
}
