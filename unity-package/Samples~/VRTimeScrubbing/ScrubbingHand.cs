using Neuvol;
using UnityEngine;
using UnityEngine.XR;

/// <summary>
/// One hand that scrubs and grabs. Works with every XR plug-in through UnityEngine.XR, without further packages: the trigger takes the
/// time line's knob, the grip takes the volume, the stick moves the time, the first button plays and pauses.
/// </summary>
public sealed class ScrubbingHand : MonoBehaviour
{
    /// Less than this is a stick at rest, or a finger that lies on a trigger.
    const float Rest = 0.2f;

    [Tooltip("Left or right hand.")]
    [SerializeField] XRNode hand = XRNode.RightHand;
    [Tooltip("The part of the whole time per second that the stick moves at most.")]
    [SerializeField] float stickSpeed = 0.25f;

    NeuvolVolume volume;
    NeuvolTimeline timeline;
    LineRenderer pointer;
    Material material;
    bool wasButton, isGrabbing;
    Vector3 grabbedAt;
    Quaternion grabbedTurn;

    /// <summary>Tells it what to work with.</summary>
    /// <param name="node">Left or right hand.</param>
    /// <param name="shown">The volume to grab and play.</param>
    /// <param name="line">The time line to scrub.</param>
    public void Use(XRNode node, NeuvolVolume shown, NeuvolTimeline line)
    {
        hand = node;
        volume = shown;
        timeline = line;
    }

    void OnEnable()
    {
        var shader = Shader.Find("Sprites/Default");
        if (shader == null) return;
        material = new Material(shader);
        pointer = gameObject.AddComponent<LineRenderer>();
        pointer.sharedMaterial = material;
        pointer.useWorldSpace = false;
        pointer.startWidth = 0.004f;
        pointer.endWidth = 0.001f;
        pointer.SetPosition(0, Vector3.zero);
        pointer.SetPosition(1, new Vector3(0, 0, 2));
    }

    void OnDisable()
    {
        if (pointer != null) Destroy(pointer);
        if (material != null) Destroy(material);
    }

    void Update()
    {
        var device = InputDevices.GetDeviceAtXRNode(hand);
        Vector3 position;
        Quaternion rotation;
        if (!device.TryGetFeatureValue(CommonUsages.devicePosition, out position)) return;
        if (!device.TryGetFeatureValue(CommonUsages.deviceRotation, out rotation)) return;
        transform.localPosition = position;
        transform.localRotation = rotation;
        if (volume == null) return;
        float trigger, grip;
        device.TryGetFeatureValue(CommonUsages.trigger, out trigger);
        device.TryGetFeatureValue(CommonUsages.grip, out grip);
        if (timeline != null) timeline.Point(new Ray(transform.position, transform.forward), trigger > 0.5f);
        Grab(grip > 0.5f);
        Stick(device);
        Button(device);
    }

    /// The volume keeps its place in the hand.
    void Grab(bool isHeld)
    {
        var body = volume.transform;
        if (isHeld && !isGrabbing)
        {
            grabbedAt = Quaternion.Inverse(transform.rotation) * (body.position - transform.position);
            grabbedTurn = Quaternion.Inverse(transform.rotation) * body.rotation;
        }
        isGrabbing = isHeld;
        if (!isHeld) return;
        body.position = transform.position + transform.rotation * grabbedAt;
        body.rotation = transform.rotation * grabbedTurn;
    }

    void Stick(InputDevice device)
    {
        Vector2 stick;
        if (!device.TryGetFeatureValue(CommonUsages.primary2DAxis, out stick) || Mathf.Abs(stick.x) < Rest) return;
        volume.Pause();
        double wanted = volume.TimeNormalized + stick.x * stickSpeed * Time.deltaTime;
        volume.TimeNormalized = Mathf.Clamp01((float)wanted);
    }

    void Button(InputDevice device)
    {
        bool isDown;
        device.TryGetFeatureValue(CommonUsages.primaryButton, out isDown);
        if (isDown && !wasButton)
        {
            if (volume.IsPlaying) volume.Pause();
            else volume.Play();
        }
        wasButton = isDown;
    }
}
