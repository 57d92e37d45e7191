using System;
using System.Collections.Generic;
using UnityEngine;

namespace Neuvol
{
    // From a path to a texture, frame by frame. Whatever fails, all that was taken is given back.
    public sealed partial class NeuvolVolume
    {
        static readonly List<NeuvolVolume> enabledVolumes = new List<NeuvolVolume>();

        FileSource source;
        IDecodeBackend decoder;
        NeuvolBackend decoderWanted;
        NeuvolTexelFormat decoderFormat;
        string openPath;
        DecodeRequest requested;
        bool hasRequested;
        float requestedAt;
        float latency;
        long decodeCount;
        string failedWith;
        bool isSuspended;

        /// The volumes that are enabled, for the editor's clock and for unloading.
        internal static IReadOnlyList<NeuvolVolume> Enabled => enabledVolumes;

        /// While an importer makes one, it opens nothing.
        internal static bool IsImporting;

        void OnEnable()
        {
            if (IsImporting) return;
            enabledVolumes.Add(this);
            // The editor keeps some fields while it loads scripts again, and others not.
            State = NeuvolState.Closed;
            Error = "";
            failedWith = null;
            isSuspended = false;
            hasRequested = false;
            clock.Time = Math.Max(0, time);
            wantsToPlay = playOnStart && Application.isPlaying;
            Guarded(Begin);
        }

        void OnDisable()
        {
            enabledVolumes.Remove(this);
            Close();
        }

        void OnValidate()
        {
            size = Mathf.Max(1e-9f, size);
            verticalExaggeration = Mathf.Max(1e-3f, verticalExaggeration);
            frameBudget = Mathf.Max(0.1f, frameBudget);
            level = Mathf.Max(0, level);
            quality = Mathf.Max(0, quality);
            // The inspector changes fields behind the properties.
            if (isActiveAndEnabled && time != clock.Time) SeekStep(time);
        }

        void Update()
        {
            Guarded(Step);
        }

        /// Names a file without opening it.
        internal void Prepare(NeuvolAsset file)
        {
            asset = file;
        }

        /// <summary>Opens the file again, after it or the path has changed, or after an error.</summary>
        public void Reopen()
        {
            Close();
            if (isActiveAndEnabled) Guarded(Begin);
        }

        /// <summary>Closes the file and gives textures and memory back. Changing file, variable or format, or
        /// <see cref="Reopen"/>, opens it again.</summary>
        public void Close()
        {
            isSuspended = false;
            failedWith = null;
            Free();
            ChangeState(NeuvolState.Closed);
        }

        /// Gives everything back, until it is updated again.
        internal void Suspend()
        {
            Close();
            isSuspended = true;
        }

        /// Nothing that goes wrong reaches Unity, and nothing stays half open.
        void Guarded(Action action)
        {
            try
            {
                action();
            }
            catch (Exception error)
            {
                failedWith = Settings();
                try
                {
                    Free();
                }
                catch (Exception second)
                {
                    Debug.LogException(second, this);
                }
                // What is not of ours is a bug, and its stack helps to find it.
                if (!(error is NeuvolException)) Debug.LogException(error, this);
                ChangeState(NeuvolState.Failed, error.Message);
            }
        }

        /// What a new try after an error depends on.
        string Settings()
        {
            return string.Join("\n", asset != null ? asset.FilePath : path, variable, level, quality, precision, texelFormat,
                backend);
        }

        void Begin()
        {
            openPath = asset != null ? asset.FilePath : path;
            if (string.IsNullOrEmpty(openPath)) return;
            ChangeState(NeuvolState.Loading);
            source = new FileSource(openPath);
            Step();
        }

        void Step()
        {
            NeuvolRuntime.EachFrame();
            if (State == NeuvolState.Failed || State == NeuvolState.Closed)
            {
                bool isChanged = failedWith != null && failedWith != Settings();
                if (!isChanged && !isSuspended) return;
                failedWith = null;
                isSuspended = false;
                Begin();
                return;
            }
            if ((asset != null ? asset.FilePath : path) != openPath)
            {
                Reopen();
                return;
            }
            if (source != null && !Open()) return;
            if (File == null) return;
            Follow();
            Decode();
        }

        /// Opens the file once it is there.
        bool Open()
        {
            if (!source.IsReady()) return false;
            var from = source.Path;
            source.Dispose();
            source = null;
            File = NeuvolFile.Open(from);
            ChangeState(NeuvolState.Decoding);
            return true;
        }

        /// Follows changes of the variable, the format and the back end.
        void Follow()
        {
            var wanted = File.Variable(variable);
            bool isOther = Variable != wanted;
            if (isOther)
            {
                Variable = wanted;
                clock.Time = Math.Min(clock.Time, StepCount - 1);
                if (wantsToPlay) clock.Play(StepCount, speed, loop);
            }
            var format = decoder == null || isOther || decoderFormat != texelFormat
                ? Texels.Choose(texelFormat, Variable)
                : UsedTexelFormat;
            if (decoder != null && format == UsedTexelFormat && decoderWanted == backend)
            {
                decoderFormat = texelFormat;
                return;
            }
            FreeDecoder();
            UsedTexelFormat = format;
            string reason;
            decoder = Backends.Make(backend, format, name, out reason);
            BackendReason = reason;
            decoderWanted = backend;
            decoderFormat = texelFormat;
            ChangeState(NeuvolState.Decoding);
        }

        void Decode()
        {
            if (Application.isPlaying)
            {
                clock.Advance(UnityEngine.Time.deltaTime, StepCount, speed, loop);
                if (clock.IsPlaying) time = clock.Time;
                else wantsToPlay = wantsToPlay && StepCount <= 1;
            }
            var wanted = new DecodeRequest(Variable, WantedTime(), level, quality)
            {
                Precision = precision,
                Velocity = clock.Velocity(speed),
            };
            wanted.Check();
            if (!hasRequested || !requested.IsSame(wanted))
            {
                if (!decoder.IsBusy) requestedAt = UnityEngine.Time.realtimeSinceStartup;
                decoder.Request(wanted);
                requested = wanted;
                hasRequested = true;
            }
            if (!decoder.Update(frameBudget)) return;
            float took = UnityEngine.Time.realtimeSinceStartup - requestedAt;
            requestedAt = UnityEngine.Time.realtimeSinceStartup;
            latency = decodeCount == 0 ? took : Mathf.Lerp(latency, took, 0.2f);
            decodeCount++;
            ChangeState(NeuvolState.Ready);
            Call(ShownChanged);
        }

        void FreeDecoder()
        {
            var ending = decoder;
            decoder = null;
            hasRequested = false;
            decodeCount = 0;
            latency = 0;
            BackendReason = "";
            if (ending != null) ending.Dispose();
        }

        void Free()
        {
            try
            {
                FreeDecoder();
            }
            finally
            {
                var closing = File;
                var loading = source;
                File = null;
                Variable = null;
                source = null;
                clock.IsPlaying = false;
                if (loading != null) loading.Dispose();
                if (closing != null) closing.Dispose();
            }
        }

        /// <summary>What it is doing or what is wrong, in words, for the inspector.</summary>
        public string Status
        {
            get
            {
                switch (State)
                {
                    case NeuvolState.Failed: return Error;
                    case NeuvolState.Loading:
                        return source == null ? "Opening" : "Copying the file out of the app, " + Percent(source.Progress);
                    case NeuvolState.Decoding:
                        return "The first time is " + (decoder == null ? "decoded" : decoder.Activity + ", " + Percent(decoder.Progress));
                    case NeuvolState.Ready:
                        return TimeLabel + (decoder != null && decoder.IsBusy ? "; " + decoder.Activity + ", " + Percent(decoder.Progress) : "");
                    default:
                        if (!isActiveAndEnabled) return "The component or its object is not enabled";
                        return string.IsNullOrEmpty(path) && asset == null
                            ? "No file is named: choose an asset or a path"
                            : "Closed";
                }
            }
        }

        static string Percent(float part)
        {
            return (int)(100 * Mathf.Clamp01(part)) + " %";
        }
    }
}
