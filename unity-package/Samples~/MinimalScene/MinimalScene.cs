using Neuvol;
using UnityEngine;

/// <summary>
/// Builds a scene with one volume, its legend and its time line. Put it on an object of an empty scene, name a file, press play:
/// Space plays and pauses, the mouse drags the time line, the arrow keys are left to you.
/// </summary>
public sealed class MinimalScene : MonoBehaviour
{
    [Tooltip("A .neuvol file of the project. Goes before the path.")]
    [SerializeField] NeuvolAsset asset;
    [Tooltip("A file in StreamingAssets, or an absolute path.")]
    [SerializeField] string path = "plume.neuvol";
    [Tooltip("Degrees per second by which the volume turns.")]
    [SerializeField] float turning = 6;

    NeuvolVolume volume;

    /// <summary>The volume that it has made.</summary>
    public NeuvolVolume Volume => volume;

    void Start()
    {
        var made = new GameObject("Volume", typeof(NeuvolVolume), typeof(NeuvolRenderer));
        made.transform.SetParent(transform, false);
        volume = made.GetComponent<NeuvolVolume>();
        if (asset != null) volume.Asset = asset;
        else volume.FilePath = path;
        volume.Play();

        var legend = new GameObject("Legend", typeof(NeuvolLegend));
        legend.transform.SetParent(transform, false);
        legend.transform.localPosition = new Vector3(0.9f, -0.4f, 0);
        legend.transform.localScale = new Vector3(0.8f, 0.8f, 0.8f);
        legend.GetComponent<NeuvolLegend>().Target = made.GetComponent<NeuvolRenderer>();

        var timeline = new GameObject("Timeline", typeof(NeuvolTimeline));
        timeline.transform.SetParent(transform, false);
        timeline.transform.localPosition = new Vector3(-0.5f, -0.75f, 0);
        timeline.GetComponent<NeuvolTimeline>().Target = volume;

        if (Camera.main != null) return;
        var eye = new GameObject("Main Camera", typeof(Camera)) { tag = "MainCamera" };
        eye.transform.SetParent(transform, false);
        eye.transform.localPosition = new Vector3(0, 0.3f, -2);
    }

    void Update()
    {
        volume.transform.localRotation = volume.transform.localRotation * Quaternion.AngleAxis(turning * Time.deltaTime, Vector3.up);
    }
}
