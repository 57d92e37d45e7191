// FMath, vectors, matrices (rows: points are multiplied from the left), transforms, bounds, colours, dates.
#pragma once

#include "CoreTypes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

struct FMath
{
	template <typename T> static T Max(T A, T B) { return std::max(A, B); }
	template <typename T> static T Min(T A, T B) { return std::min(A, B); }
	template <typename T> static T Clamp(T X, T Low, T High) { return std::clamp(X, Low, High); }
	template <typename T> static T Abs(T X) { return X < 0 ? -X : X; }
	template <typename T> static T Lerp(const T& A, const T& B, float At) { return static_cast<T>(A + At * (B - A)); }
	static double Lerp(double A, double B, double At) { return A + At * (B - A); }
	static double Cos(double X) { return std::cos(X); }
	static double DegreesToRadians(double X) { return X * 3.14159265358979323846 / 180.0; }
	static double Fmod(double X, double Y) { return std::fmod(X, Y); }
	static double RoundToDouble(double X) { return std::floor(X + 0.5); }
	static bool IsNaN(float X) { return std::isnan(X); }
	static bool IsFinite(double X) { return std::isfinite(X); }
};

template <typename T>
struct TVector
{
	T X = 0, Y = 0, Z = 0;

	TVector() = default;
	constexpr TVector(T InX, T InY, T InZ) : X(InX), Y(InY), Z(InZ) {}
	template <typename U>
	explicit TVector(const TVector<U>& Other) : X(static_cast<T>(Other.X)), Y(static_cast<T>(Other.Y)), Z(static_cast<T>(Other.Z))
	{
	}
	T operator[](int32 Axis) const { return Axis == 0 ? X : Axis == 1 ? Y : Z; }
	TVector operator+(const TVector& O) const { return {X + O.X, Y + O.Y, Z + O.Z}; }
	TVector operator-(const TVector& O) const { return {X - O.X, Y - O.Y, Z - O.Z}; }
	TVector operator*(const TVector& O) const { return {X * O.X, Y * O.Y, Z * O.Z}; }
	TVector operator*(T F) const { return {X * F, Y * F, Z * F}; }
	TVector operator-() const { return {-X, -Y, -Z}; }
	T GetMax() const { return std::max(X, std::max(Y, Z)); }
	bool Equals(const TVector& O, T Tolerance = T(1e-4)) const
	{
		return std::abs(X - O.X) <= Tolerance && std::abs(Y - O.Y) <= Tolerance && std::abs(Z - O.Z) <= Tolerance;
	}
	TVector GetSafeNormal(T Tolerance, const TVector& IfZero) const
	{
		const T Squared = X * X + Y * Y + Z * Z;
		return Squared < Tolerance ? IfZero : *this * (T(1) / std::sqrt(Squared));
	}
	static T DistSquared(const TVector& A, const TVector& B)
	{
		const TVector D = A - B;
		return D.X * D.X + D.Y * D.Y + D.Z * D.Z;
	}
	static const TVector ZeroVector, OneVector, UpVector;
};
template <typename T> inline const TVector<T> TVector<T>::ZeroVector{0, 0, 0};
template <typename T> inline const TVector<T> TVector<T>::OneVector{1, 1, 1};
template <typename T> inline const TVector<T> TVector<T>::UpVector{0, 0, 1};
using FVector = TVector<double>;
using FVector3f = TVector<float>;

template <typename T>
struct TVector2
{
	T X = 0, Y = 0;
	TVector2() = default;
	template <typename A, typename B>
	TVector2(A InX, B InY) : X(static_cast<T>(InX)), Y(static_cast<T>(InY))
	{
	}
	static const TVector2 ZeroVector;
};
template <typename T> inline const TVector2<T> TVector2<T>::ZeroVector{};
using FVector2D = TVector2<double>;
using FVector2f = TVector2<float>;

struct FVector4f
{
	float X = 0, Y = 0, Z = 0, W = 0;
	FVector4f() = default;
	FVector4f(float InX, float InY, float InZ, float InW) : X(InX), Y(InY), Z(InZ), W(InW) {}
};

struct FIntVector
{
	int32 X = 0, Y = 0, Z = 0;
	FIntVector() = default;
	constexpr FIntVector(int32 InX, int32 InY, int32 InZ) : X(InX), Y(InY), Z(InZ) {}
	int32 operator[](int32 Axis) const { return Axis == 0 ? X : Axis == 1 ? Y : Z; }
	bool operator==(const FIntVector& O) const { return X == O.X && Y == O.Y && Z == O.Z; }
	int32 GetMax() const { return std::max(X, std::max(Y, Z)); }
	static const FIntVector ZeroValue;
};
inline const FIntVector FIntVector::ZeroValue{0, 0, 0};

struct FIntPoint
{
	int32 X = 0, Y = 0;
};

struct FIntRect
{
	FIntPoint Min, Max;
	int32 Width() const { return Max.X - Min.X; }
	int32 Height() const { return Max.Y - Min.Y; }
};

template <typename T>
struct TMatrix
{
	T M[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};

	TMatrix() = default;
	template <typename U>
	explicit TMatrix(const TMatrix<U>& Other)
	{
		for (int R = 0; R < 4; ++R)
			for (int C = 0; C < 4; ++C) M[R][C] = static_cast<T>(Other.M[R][C]);
	}
	TMatrix operator*(const TMatrix& O) const
	{
		TMatrix Made;
		for (int R = 0; R < 4; ++R)
			for (int C = 0; C < 4; ++C)
			{
				Made.M[R][C] = 0;
				for (int K = 0; K < 4; ++K) Made.M[R][C] += M[R][K] * O.M[K][C];
			}
		return Made;
	}
	/** By Gauss and Jordan, with pivots. */
	TMatrix Inverse() const
	{
		TMatrix Left = *this, Right;
		for (int C = 0; C < 4; ++C)
		{
			int Best = C;
			for (int R = C + 1; R < 4; ++R)
				if (std::abs(Left.M[R][C]) > std::abs(Left.M[Best][C])) Best = R;
			std::swap(Left.M[C], Left.M[Best]);
			std::swap(Right.M[C], Right.M[Best]);
			const T Pivot = Left.M[C][C];
			for (int K = 0; K < 4; ++K)
			{
				Left.M[C][K] /= Pivot;
				Right.M[C][K] /= Pivot;
			}
			for (int R = 0; R < 4; ++R)
			{
				const T Factor = Left.M[R][C];
				for (int K = 0; K < 4 && R != C; ++K)
				{
					Left.M[R][K] -= Factor * Left.M[C][K];
					Right.M[R][K] -= Factor * Right.M[C][K];
				}
			}
		}
		return Right;
	}
	TVector<T> TransformPosition(const TVector<T>& P) const { return Apply(P, 1); }
	TVector<T> TransformVector(const TVector<T>& P) const { return Apply(P, 0); }
	TVector<T> GetOrigin() const { return {M[3][0], M[3][1], M[3][2]}; }

private:
	TVector<T> Apply(const TVector<T>& P, T W) const
	{
		const auto At = [&](int C) { return P.X * M[0][C] + P.Y * M[1][C] + P.Z * M[2][C] + W * M[3][C]; };
		return {At(0), At(1), At(2)};
	}
};
using FMatrix = TMatrix<double>;
using FMatrix44f = TMatrix<float>;

struct FScaleMatrix : FMatrix
{
	explicit FScaleMatrix(const FVector& S)
	{
		M[0][0] = S.X;
		M[1][1] = S.Y;
		M[2][2] = S.Z;
	}
};

struct FTranslationMatrix : FMatrix
{
	explicit FTranslationMatrix(const FVector& T)
	{
		M[3][0] = T.X;
		M[3][1] = T.Y;
		M[3][2] = T.Z;
	}
};

/** Here without rotation in four numbers: a matrix. */
class FTransform
{
public:
	FTransform() = default;
	explicit FTransform(const FVector& Translation) : Matrix(FTranslationMatrix(Translation)) {}
	static FTransform FromMatrix(const FMatrix& In)
	{
		FTransform Made;
		Made.Matrix = In;
		return Made;
	}
	FMatrix ToMatrixWithScale() const { return Matrix; }
	FVector TransformPosition(const FVector& P) const { return Matrix.TransformPosition(P); }
	FVector InverseTransformPosition(const FVector& P) const { return Matrix.Inverse().TransformPosition(P); }

private:
	FMatrix Matrix;
};

struct FBox
{
	FVector Min, Max;
	FBox(const FVector& InMin, const FVector& InMax) : Min(InMin), Max(InMax) {}
};

struct FBoxSphereBounds
{
	FVector Origin, BoxExtent;
	double SphereRadius = 0;
	FBoxSphereBounds() = default;
	explicit FBoxSphereBounds(const FBox& Box) : Origin((Box.Min + Box.Max) * 0.5), BoxExtent((Box.Max - Box.Min) * 0.5)
	{
		SphereRadius = std::sqrt(FVector::DistSquared(BoxExtent, FVector()));
	}
	FBoxSphereBounds TransformBy(const FTransform& To) const
	{
		FVector Low(1e300, 1e300, 1e300), High(-1e300, -1e300, -1e300);
		for (int Corner = 0; Corner < 8; ++Corner)
		{
			const FVector Sign(Corner & 1 ? 1 : -1, Corner & 2 ? 1 : -1, Corner & 4 ? 1 : -1);
			const FVector P = To.TransformPosition(Origin + BoxExtent * Sign);
			Low = {std::min(Low.X, P.X), std::min(Low.Y, P.Y), std::min(Low.Z, P.Z)};
			High = {std::max(High.X, P.X), std::max(High.Y, P.Y), std::max(High.Z, P.Z)};
		}
		return FBoxSphereBounds(FBox(Low, High));
	}
};

struct FLinearColor
{
	float R = 0, G = 0, B = 0, A = 1;
	FLinearColor() = default;
	FLinearColor(float InR, float InG, float InB, float InA = 1.0f) : R(InR), G(InG), B(InB), A(InA) {}
	FLinearColor operator+(const FLinearColor& O) const { return {R + O.R, G + O.G, B + O.B, A + O.A}; }
	FLinearColor operator-(const FLinearColor& O) const { return {R - O.R, G - O.G, B - O.B, A - O.A}; }
	friend FLinearColor operator*(float F, const FLinearColor& O) { return {F * O.R, F * O.G, F * O.B, F * O.A}; }
};

struct FFloat16
{
	uint16 Encoded = 0;
	FFloat16() = default;
	/** Rounded towards 0; small numbers become 0. */
	FFloat16(float In)
	{
		uint32 Bits;
		std::memcpy(&Bits, &In, sizeof Bits);
		const int32 Exponent = static_cast<int32>(Bits >> 23 & 0xff) - 112;
		const uint32 Sign = Bits >> 16 & 0x8000;
		Encoded = static_cast<uint16>(Exponent <= 0 ? Sign : Exponent >= 31 ? Sign | 0x7c00 : Sign | Exponent << 10 | (Bits >> 13 & 0x3ff));
	}
};

struct FFloat16Color
{
	FFloat16 R, G, B, A;
	FFloat16Color() = default;
	explicit FFloat16Color(const FLinearColor& C) : R(C.R), G(C.G), B(C.B), A(C.A) {}
};

class FDateTime
{
public:
	FDateTime() = default;
	FDateTime(int32 Year, int32 Month, int32 Day, int32 Hour = 0, int32 Minute = 0, int32 Second = 0, int32 Millisecond = 0)
		: Parts{Year, Month, Day, Hour, Minute, Second, Millisecond}
	{
		check(Validate(Year, Month, Day, Hour, Minute, Second, Millisecond));
	}
	static bool Validate(int32 Year, int32 Month, int32 Day, int32 Hour, int32 Minute, int32 Second, int32 Millisecond)
	{
		return Year >= 1 && Year <= 9999 && Month >= 1 && Month <= 12 && Day >= 1 && Day <= DaysInMonth(Year, Month) && Hour >= 0
			&& Hour <= 23 && Minute >= 0 && Minute <= 59 && Second >= 0 && Second <= 59 && Millisecond >= 0 && Millisecond <= 999;
	}
	static int32 DaysInMonth(int32 Year, int32 Month)
	{
		const bool bIsLeap = Year % 400 == 0 || (Year % 4 == 0 && Year % 100 != 0);
		const int32 Days[] = {31, bIsLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
		return Days[Month - 1];
	}
	int32 GetYear() const { return Parts[0]; }
	int32 GetMonth() const { return Parts[1]; }
	int32 GetDay() const { return Parts[2]; }
	int32 GetHour() const { return Parts[3]; }
	int32 GetMinute() const { return Parts[4]; }
	int32 GetSecond() const { return Parts[5]; }
	int32 GetMillisecond() const { return Parts[6]; }
	bool operator==(const FDateTime& Other) const { return std::equal(Parts, Parts + 7, Other.Parts); }

private:
	int32 Parts[7] = {1, 1, 1, 0, 0, 0, 0};
};
