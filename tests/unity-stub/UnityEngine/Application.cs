using System;
using Neuvol.Fakes;

namespace UnityEngine
{
    public enum RuntimePlatform
    {
        LinuxPlayer = 13,
        LinuxEditor = 16,
    }

    public static class Application
    {
        public static bool isPlaying => World.IsPlaying;
        public static RuntimePlatform platform => World.IsEditor ? RuntimePlatform.LinuxEditor : RuntimePlatform.LinuxPlayer;
        public static string streamingAssetsPath => Machine.StreamingAssets;
        public static string persistentDataPath => Machine.PersistentData;
        public static string buildGUID => "build1";
        public static string version => "1.0";

        public static event Action quitting
        {
            add => World.Quitting += value;
            remove => World.Quitting -= value;
        }
    }

    public static class Time
    {
        public static int frameCount => World.FrameCount;
        public static float deltaTime => World.DeltaTime;
        public static float realtimeSinceStartup => World.Now;
    }

    public static class Debug
    {
        public static void Log(object message) => World.Log.Add("log: " + message);
        public static void LogWarning(object message) => World.Log.Add("warning: " + message);
        public static void LogError(object message) => World.Log.Add("error: " + message);
        public static void LogException(Exception exception) => World.Exceptions.Add(exception);
        public static void LogException(Exception exception, Object context) => World.Exceptions.Add(exception);
    }
}
