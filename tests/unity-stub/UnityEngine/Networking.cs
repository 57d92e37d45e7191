using System;
using System.IO;
using Neuvol.Fakes;

namespace UnityEngine.Networking
{
    public sealed class DownloadHandlerFile : IDisposable
    {
        internal readonly string Path;

        public DownloadHandlerFile(string path)
        {
            Faults.Call("new DownloadHandlerFile");
            Path = path;
        }

        public bool removeFileOnAbort { get; set; }

        public void Dispose()
        {
        }
    }

    public sealed class UnityWebRequestAsyncOperation
    {
        internal UnityWebRequestAsyncOperation()
        {
        }
    }

    /// Serves "jar:" addresses from the folder of the fake app, some frames after it was asked.
    public sealed class UnityWebRequest : IDisposable
    {
        public const string kHttpVerbGET = "GET";

        public enum Result
        {
            InProgress,
            Success,
            ConnectionError,
        }

        int readyAt = -1;
        bool isSaved;

        public UnityWebRequest(string url, string method)
        {
            Faults.Call("new UnityWebRequest");
            this.url = url;
            World.Requests++;
        }

        public string url { get; }
        public DownloadHandlerFile downloadHandler { get; set; }
        public float downloadProgress => isDone ? 1 : 0.5f;
        public Result result { get; private set; }
        public string error { get; private set; }

        public UnityWebRequestAsyncOperation SendWebRequest()
        {
            Faults.Call("UnityWebRequest.SendWebRequest");
            readyAt = World.FrameCount + 3;
            return new UnityWebRequestAsyncOperation();
        }

        public bool isDone
        {
            get
            {
                if (readyAt < 0 || World.FrameCount < readyAt) return false;
                if (!isSaved) Save();
                return true;
            }
        }

        void Save()
        {
            isSaved = true;
            var from = Path.Combine(Machine.Archive, url.Substring(url.LastIndexOf('/') + 1));
            result = File.Exists(from) ? Result.Success : Result.ConnectionError;
            if (result == Result.Success) File.Copy(from, downloadHandler.Path, true);
            else error = "404 Not Found";
        }

        public void Dispose()
        {
            if (readyAt == int.MinValue) return;
            readyAt = int.MinValue;
            World.Requests--;
        }
    }
}
