// Owners: TSharedPtr, TSharedRef, TWeakPtr, TSharedFromThis, TUniquePtr, TOptional, TRefCountPtr.
#pragma once

#include "CoreTypes.h"

#include <memory>
#include <optional>

template <typename T>
class TSharedRef;

template <typename T>
class TSharedPtr
{
public:
	TSharedPtr() = default;
	TSharedPtr(std::nullptr_t) {}
	explicit TSharedPtr(T* In) : Held(In) {}
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>>
	TSharedPtr(const TSharedPtr<U>& Other) : Held(Other.Held)
	{
	}
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>>
	TSharedPtr(const TSharedRef<U>& Other) : Held(Other.Held)
	{
	}
	explicit operator bool() const { return Held != nullptr; }
	T* operator->() const
	{
		check(Held);
		return Held.get();
	}
	T& operator*() const
	{
		check(Held);
		return *Held;
	}
	T* Get() const { return Held.get(); }
	void Reset() { Held.reset(); }
	bool IsValid() const { return Held != nullptr; }
	TSharedRef<T> ToSharedRef() const;
	friend bool operator==(const TSharedPtr& A, const TSharedPtr& B) { return A.Held == B.Held; }

	std::shared_ptr<T> Held;
};

template <typename T>
class TSharedRef
{
public:
	explicit TSharedRef(std::shared_ptr<T> In) : Held(std::move(In)) { check(Held); }
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>>
	TSharedRef(const TSharedRef<U>& Other) : Held(Other.Held)
	{
	}
	T* operator->() const { return Held.get(); }
	T& operator*() const { return *Held; }
	T& Get() const { return *Held; }
	TSharedPtr<T> ToSharedPtr() const { return *this; }

	std::shared_ptr<T> Held;
};

template <typename T>
TSharedRef<T> TSharedPtr<T>::ToSharedRef() const
{
	return TSharedRef<T>(Held);
}

template <typename T, typename... Types>
TSharedRef<T> MakeShared(Types&&... Arguments)
{
	return TSharedRef<T>(std::make_shared<T>(std::forward<Types>(Arguments)...));
}

template <typename T>
class TWeakPtr
{
public:
	TWeakPtr() = default;
	TWeakPtr(const TSharedPtr<T>& In) : Held(In.Held) {}
	TSharedPtr<T> Pin() const
	{
		TSharedPtr<T> Made;
		Made.Held = Held.lock();
		return Made;
	}
	void Reset() { Held.reset(); }

private:
	std::weak_ptr<T> Held;
};

template <typename T>
class TSharedFromThis : public std::enable_shared_from_this<T>
{
public:
	TSharedRef<T> AsShared() { return TSharedRef<T>(this->shared_from_this()); }
};

template <typename T>
class TUniquePtr
{
public:
	TUniquePtr() = default;
	TUniquePtr(std::nullptr_t) {}
	explicit TUniquePtr(T* In) : Held(In) {}
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>>
	TUniquePtr(TUniquePtr<U>&& Other) : Held(std::move(Other.Held))
	{
	}
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>>
	TUniquePtr& operator=(TUniquePtr<U>&& Other)
	{
		Held = std::move(Other.Held);
		return *this;
	}
	explicit operator bool() const { return Held != nullptr; }
	T* operator->() const
	{
		check(Held);
		return Held.get();
	}
	T& operator*() const { return *Held; }
	T* Get() const { return Held.get(); }
	void Reset() { Held.reset(); }

	std::unique_ptr<T> Held;
};

template <typename T, typename... Types>
TUniquePtr<T> MakeUnique(Types&&... Arguments)
{
	return TUniquePtr<T>(new T(std::forward<Types>(Arguments)...));
}

template <typename T>
class TOptional
{
public:
	TOptional() = default;
	TOptional(const T& In) : Held(In) {}
	TOptional(T&& In) : Held(std::move(In)) {}
	bool IsSet() const { return Held.has_value(); }
	explicit operator bool() const { return IsSet(); }
	T* operator->()
	{
		check(Held);
		return &*Held;
	}
	const T* operator->() const
	{
		check(Held);
		return &*Held;
	}
	T& operator*()
	{
		check(Held);
		return *Held;
	}
	const T& operator*() const
	{
		check(Held);
		return *Held;
	}
	const T& Get(const T& Default) const { return Held ? *Held : Default; }
	void Reset() { Held.reset(); }

private:
	std::optional<T> Held;
};

template <typename T>
class TRefCountPtr
{
public:
	TRefCountPtr() = default;
	TRefCountPtr(T* In) : Held(In)
	{
		if (Held) Held->AddRef();
	}
	TRefCountPtr(const TRefCountPtr& Other) : TRefCountPtr(Other.Held) {}
	TRefCountPtr(TRefCountPtr&& Other) : Held(std::exchange(Other.Held, nullptr)) {}
	TRefCountPtr& operator=(TRefCountPtr Other)
	{
		std::swap(Held, Other.Held);
		return *this;
	}
	~TRefCountPtr()
	{
		if (Held) Held->Release();
	}
	operator T*() const { return Held; }
	T* operator->() const { return Held; }
	T* GetReference() const { return Held; }

private:
	T* Held = nullptr;
};
