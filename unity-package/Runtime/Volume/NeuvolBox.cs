using UnityEngine;

namespace Neuvol
{
    /// <summary>How large a volume is in the scene.</summary>
    public enum NeuvolSizing
    {
        /// <summary>Its longest side has the length <see cref="NeuvolVolume.Size"/>.</summary>
        LongestSide,

        /// <summary>One metre of the world has the length <see cref="NeuvolVolume.Size"/>.</summary>
        PerMetre,
    }

    /// <summary>The box of a volume in its object's space: centred at the origin, x to the east, y up, z to the north, with true
    /// proportions.</summary>
    /// <remarks>Points of the box are 0 to 1 along these axes, from face to face; those of the texture along the texture's.</remarks>
    public readonly struct NeuvolBox
    {
        /// A flat volume still has two faces.
        const float Thinnest = 1e-6f;

        readonly Vector3Int codes;

        internal NeuvolBox(NeuvolGrid grid, NeuvolSizing sizing, float size, float exaggeration)
        {
            var metres = new Vector3();
            codes = new Vector3Int();
            for (int axis = 0; axis < 3; axis++)
            {
                int direction = (int)grid.Direction(axis);
                // NeuvolDirection has pairs: there and back along Unity's X, Y, Z.
                int along = direction / 2;
                codes[axis] = direction % 2 == 0 ? along : -along - 1;
                metres[along] = grid.Metres[axis];
            }
            metres.y *= exaggeration;
            float longest = Mathf.Max(metres.x, Mathf.Max(metres.y, metres.z));
            float scale = sizing == NeuvolSizing.PerMetre ? size : size / longest;
            for (int i = 0; i < 3; i++) metres[i] = Mathf.Max(metres[i], longest * Thinnest);
            Edges = metres * scale;
        }

        /// <summary>Lengths of the edges along x, y, z of the object, in units of the scene.</summary>
        public Vector3 Edges { get; }

        /// <summary>The longest of them.</summary>
        public float LongestEdge => Mathf.Max(Edges.x, Mathf.Max(Edges.y, Edges.z));

        /// <summary>For x, y, z of the texture the axis of the box, 0 to 2; -1 to -3 if it goes the other way: the shaders'
        /// property <c>_NeuvolAxes</c>.</summary>
        public Vector4 Axes => new Vector4(codes.x, codes.y, codes.z, 0);

        /// <summary>The point in the object's space as one of the texture, 0 to 1 inside.</summary>
        /// <param name="point">In the object's space.</param>
        public Vector3 ToTexture(Vector3 point)
        {
            var box = ToBox(point);
            var result = new Vector3();
            for (int axis = 0; axis < 3; axis++)
            {
                int code = codes[axis];
                result[axis] = code >= 0 ? box[code] : 1 - box[-code - 1];
            }
            return result;
        }

        /// <summary>The point of the texture in the object's space.</summary>
        /// <param name="point">0 to 1 along x, y, z of the texture.</param>
        public Vector3 FromTexture(Vector3 point)
        {
            var box = new Vector3();
            for (int axis = 0; axis < 3; axis++)
            {
                int code = codes[axis];
                box[code >= 0 ? code : -code - 1] = code >= 0 ? point[axis] : 1 - point[axis];
            }
            return Vector3.Scale(box - new Vector3(0.5f, 0.5f, 0.5f), Edges);
        }

        /// <summary>The point in the object's space as one of the box, 0 to 1 inside.</summary>
        /// <param name="point">In the object's space.</param>
        public Vector3 ToBox(Vector3 point)
        {
            return new Vector3(point.x / Edges.x + 0.5f, point.y / Edges.y + 0.5f, point.z / Edges.z + 0.5f);
        }

        /// <summary>A plane of the scene in the space of the box, for the shaders.</summary>
        /// <param name="owner">The object that has the volume.</param>
        /// <param name="point">A point on the plane, in world space.</param>
        /// <param name="normal">Its normal in world space, of any length but 0.</param>
        /// <returns>Normal xyz and offset w: dot(n, p) + w is more than 0 on the side of the normal.</returns>
        public Vector4 Plane(Transform owner, Vector3 point, Vector3 normal)
        {
            var toWorld = owner.localToWorldMatrix;
            var n = new Vector3();
            for (int axis = 0; axis < 3; axis++) n[axis] = Vector3.Dot(normal, toWorld.GetColumn(axis)) * Edges[axis];
            n = n.normalized;
            return new Vector4(n.x, n.y, n.z, -Vector3.Dot(n, ToBox(owner.InverseTransformPoint(point))));
        }
    }
}
