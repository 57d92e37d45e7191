#pragma once

#include "CoreTypes.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

template <int Bits>
struct TSizedDefaultAllocator
{
	using SizeType = std::conditional_t<Bits == 64, int64, int32>;
};

template <typename T, typename Allocator = TSizedDefaultAllocator<32>>
class TArray
{
public:
	using SizeType = typename Allocator::SizeType;

	TArray() = default;
	TArray(std::initializer_list<T> List) : Items(List) {}

	SizeType Num() const { return static_cast<SizeType>(Items.size()); }
	bool IsEmpty() const { return Items.empty(); }
	T* GetData() { return Items.data(); }
	const T* GetData() const { return Items.data(); }
	T& operator[](SizeType Index)
	{
		check(Index >= 0 && Index < Num());
		return Items[static_cast<size_t>(Index)];
	}
	const T& operator[](SizeType Index) const
	{
		check(Index >= 0 && Index < Num());
		return Items[static_cast<size_t>(Index)];
	}
	T& Last() { return (*this)[Num() - 1]; }
	SizeType Add(const T& Item)
	{
		Items.push_back(Item);
		return Num() - 1;
	}
	SizeType Add(T&& Item)
	{
		Items.push_back(std::move(Item));
		return Num() - 1;
	}
	T& AddDefaulted_GetRef() { return Items.emplace_back(); }
	SizeType Remove(const T& Item)
	{
		const SizeType Before = Num();
		Items.erase(std::remove(Items.begin(), Items.end(), Item), Items.end());
		return Before - Num();
	}
	void RemoveAt(SizeType Index)
	{
		check(Index >= 0 && Index < Num());
		Items.erase(Items.begin() + Index);
	}
	void SetNumUninitialized(SizeType Count) { Items.resize(static_cast<size_t>(Count)); }
	void Empty() { Items.clear(); }

	template <typename Predicate>
	SizeType IndexOfByPredicate(Predicate&& Is) const
	{
		const auto Found = std::find_if(Items.begin(), Items.end(), Is);
		return Found == Items.end() ? SizeType(INDEX_NONE) : static_cast<SizeType>(Found - Items.begin());
	}
	template <typename Predicate>
	TArray FilterByPredicate(Predicate&& Is) const
	{
		TArray Made;
		std::copy_if(Items.begin(), Items.end(), std::back_inserter(Made.Items), Is);
		return Made;
	}
	/** Of pointers the objects are compared, as in Unreal. */
	template <typename Predicate>
	void Sort(Predicate&& Less)
	{
		if constexpr (std::is_pointer_v<T>)
		{
			std::sort(Items.begin(), Items.end(), [&](T A, T B) { return Less(*A, *B); });
		}
		else
		{
			std::sort(Items.begin(), Items.end(), Less);
		}
	}

	auto begin() { return Items.begin(); }
	auto end() { return Items.end(); }
	auto begin() const { return Items.begin(); }
	auto end() const { return Items.end(); }

private:
	std::vector<T> Items;
};

template <typename T>
using TArray64 = TArray<T, TSizedDefaultAllocator<64>>;

template <typename T>
class TArrayView
{
public:
	TArrayView() = default;
	template <size_t Count>
	TArrayView(T (&List)[Count]) : Data(List), Count32(static_cast<int32>(Count))
	{
	}
	int32 Num() const { return Count32; }
	T* begin() const { return Data; }
	T* end() const { return Data + Count32; }

private:
	T* Data = nullptr;
	int32 Count32 = 0;
};

template <typename T>
using TConstArrayView = TArrayView<const T>;
