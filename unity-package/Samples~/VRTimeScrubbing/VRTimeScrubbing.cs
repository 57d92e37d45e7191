using Neuvol;
using UnityEngine;
using UnityEngine.XR;

/// <summary>
/// Builds a volume in front of you with its legend, its time line and two hands. Put it on the object of your rig that tracking is
/// relative to (of an XR Origin: Camera Offset), name a file, press play.
/// </summary>
public sealed class VRTimeScrubbing : MonoBehaviour
{
    [Tooltip("A .neuvol file of the project. Goes before the path.")]
    [SerializeField] NeuvolAsset asset;
    [Tooltip("A file in StreamingAssets, or an absolute path.")]
    [SerializeField] string path = "plume.neuvol";
    [Tooltip("Where the middle of the volume is, in metres.")]
    [SerializeField] Vector3 place = new Vector3(0, 1.2f, 0.8f);
    [Tooltip("Length of its longest side in metres.")]
    [SerializeField] float size = 0.6f;
    [Tooltip("Milliseconds of a frame for decoding: at 90 frames per second there are 11 in all.")]
    [SerializeField] float frameBudget = 1.5f;

    /// <summary>The volume that it has made.</summary>
    public NeuvolVolume Volume { get; private set; }

    /// <summary>The time line that it has made.</summary>
    public NeuvolTimeline Timeline { get; private set; }

    void Start()
    {
        var made = new GameObject("Volume", typeof(NeuvolVolume), typeof(NeuvolRenderer));
        made.transform.SetParent(transform, false);
        made.transform.localPosition = place;
        Volume = made.GetComponent<NeuvolVolume>();
        Volume.Size = size;
        Volume.FrameBudget = frameBudget;
        // One voxel is far more than one pixel in a headset: larger steps look the same and take half the time.
        made.GetComponent<NeuvolRenderer>().SampleStep = 1;
        if (asset != null) Volume.Asset = asset;
        else Volume.FilePath = path;

        var legend = Beside("Legend", typeof(NeuvolLegend), new Vector3(0.65f * size, -0.5f * size, 0), size);
        legend.GetComponent<NeuvolLegend>().Target = made.GetComponent<NeuvolRenderer>();
        Timeline = Beside("Timeline", typeof(NeuvolTimeline), new Vector3(-0.5f * size, -0.7f * size, 0), size)
            .GetComponent<NeuvolTimeline>();
        Timeline.Target = Volume;
        Hand("Left hand", XRNode.LeftHand);
        Hand("Right hand", XRNode.RightHand);
    }

    GameObject Beside(string name, System.Type component, Vector3 offset, float scale)
    {
        var made = new GameObject(name, component);
        made.transform.SetParent(transform, false);
        made.transform.localPosition = place + offset;
        made.transform.localScale = new Vector3(scale, scale, scale);
        return made;
    }

    void Hand(string name, XRNode node)
    {
        var made = new GameObject(name, typeof(ScrubbingHand));
        made.transform.SetParent(transform, false);
        // Only one hand at a time can hold the knob.
        made.GetComponent<ScrubbingHand>().Use(node, Volume, node == XRNode.RightHand ? Timeline : null);
    }
}
