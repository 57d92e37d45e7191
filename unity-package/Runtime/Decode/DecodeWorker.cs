using System;
using System.Collections.Generic;
using System.Threading;

namespace Neuvol
{
    /// The thread on which the CPU decodes, one for all volumes: each decode uses all cores already.
    internal static class DecodeWorker
    {
        static readonly object Gate = new object();
        static readonly Queue<DecodeJob> jobs = new Queue<DecodeJob>();
        static Thread thread;
        static bool isStopping;

        internal static bool IsRunning
        {
            get { lock (Gate) return thread != null; }
        }

        internal static void Add(DecodeJob job)
        {
            lock (Gate)
            {
                jobs.Enqueue(job);
                if (thread == null)
                {
                    isStopping = false;
                    thread = new Thread(Work) { Name = "Neuvol decode", IsBackground = true };
                    thread.Start();
                }
                Monitor.Pulse(Gate);
            }
        }

        static void Work()
        {
            while (true)
            {
                DecodeJob job;
                lock (Gate)
                {
                    while (jobs.Count == 0 && !isStopping) Monitor.Wait(Gate);
                    if (isStopping) return;
                    job = jobs.Dequeue();
                }
                job.Run();
            }
        }

        /// Ends the thread: it must be gone before Unity unloads the scripts. Waits for one slab at most.
        internal static void Stop()
        {
            Thread ending;
            lock (Gate)
            {
                ending = thread;
                thread = null;
                isStopping = true;
                foreach (var job in jobs) job.Abandon();
                jobs.Clear();
                Monitor.Pulse(Gate);
            }
            if (ending != null) ending.Join();
        }
    }
}
