using System;
using System.IO;
using UnityEngine;
using UnityEngine.Networking;

namespace Neuvol
{
    /// Finds the file to open. On Android StreamingAssets lies inside of the apk, which cannot be mapped: the file is copied to
    /// persistentDataPath once per build of the app. Polled; nothing waits.
    internal sealed class FileSource : IDisposable
    {
        UnityWebRequest request;
        string partial;

        internal FileSource(string path)
        {
            Path = Absolute(path);
            if (!IsInArchive(Path)) return;
            var url = Path;
            Path = CachePath(url);
            if (File.Exists(Path)) return;
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path));
            partial = Path + ".partial";
            try
            {
                request = new UnityWebRequest(url, UnityWebRequest.kHttpVerbGET);
                request.downloadHandler = new DownloadHandlerFile(partial) { removeFileOnAbort = true };
                request.SendWebRequest();
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// The file to open, once it is there.
        internal string Path { get; }

        internal float Progress => request == null ? 1 : request.downloadProgress;

        /// Whether the file is there.
        /// <exception cref="NeuvolException">If it could not be copied.</exception>
        internal bool IsReady()
        {
            if (request == null) return true;
            if (!request.isDone) return false;
            var error = request.result == UnityWebRequest.Result.Success ? null : request.error;
            var from = request.url;
            Dispose();
            if (error != null) throw new NeuvolException(from + " could not be copied out of the app: " + error);
            File.Move(partial, Path);
            return true;
        }

        public void Dispose()
        {
            if (request != null) request.Dispose();
            request = null;
        }

        static string Absolute(string path)
        {
            if (string.IsNullOrEmpty(path)) throw new NeuvolException("no file is named: choose an asset or a path");
            bool isWhole = System.IO.Path.IsPathRooted(path) || path.Contains("://");
            return isWhole ? path : Application.streamingAssetsPath + "/" + path;
        }

        static bool IsInArchive(string path)
        {
            return path.StartsWith("jar:", StringComparison.Ordinal) || path.Contains("://");
        }

        /// Another build of the app may have another file of the same name.
        static string CachePath(string url)
        {
            var name = url.Substring(url.LastIndexOf('/') + 1);
            var build = string.IsNullOrEmpty(Application.buildGUID) ? Application.version : Application.buildGUID;
            return System.IO.Path.Combine(Application.persistentDataPath, "Neuvol", build, name);
        }
    }
}
