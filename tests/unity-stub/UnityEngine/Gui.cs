using System;

namespace UnityEngine
{
    public enum KeyCode
    {
        None = 0,
        Space = 32,
        Delete = 127,
    }

    public enum EventType
    {
        MouseDown,
        MouseUp,
        MouseDrag,
        KeyDown,
        Repaint,
        Used,
    }

    public sealed class Event
    {
        public static Event current { get; internal set; }

        public EventType type { get; internal set; }
        public KeyCode keyCode { get; internal set; }
        public int button { get; internal set; }
        public int clickCount { get; internal set; }
        public Vector2 mousePosition { get; internal set; }

        public void Use()
        {
            type = EventType.Used;
        }
    }
}
