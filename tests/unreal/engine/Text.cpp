// Texts, paths, files, JSON.
#include "CoreMinimal.h"
#include "Host.h"
#include "Misc/FileHelper.h"
#include "Misc/Paths.h"
#include "Serialization/JsonSerializer.h"

#include <fstream>
#include <iterator>

std::string Fake::Narrow(const TCHAR* Text)
{
	std::string Made;
	for (size_t At = 0; Text[At] != 0; ++At)
	{
		uint32 Code = Text[At];
		if (Code >= 0xd800 && Code < 0xdc00 && Text[At + 1] != 0) Code = 0x10000 + ((Code - 0xd800) << 10) + (uint32(Text[++At]) - 0xdc00);
		const auto Add = [&](uint32 Byte) { Made += static_cast<char>(Byte); };
		if (Code < 0x80)
		{
			Add(Code);
		}
		else if (Code < 0x800)
		{
			Add(0xc0 | Code >> 6);
			Add(0x80 | (Code & 63));
		}
		else if (Code < 0x10000)
		{
			Add(0xe0 | Code >> 12);
			Add(0x80 | (Code >> 6 & 63));
			Add(0x80 | (Code & 63));
		}
		else
		{
			Add(0xf0 | Code >> 18);
			Add(0x80 | (Code >> 12 & 63));
			Add(0x80 | (Code >> 6 & 63));
			Add(0x80 | (Code & 63));
		}
	}
	return Made;
}

std::u16string Fake::Wide(const char* Text)
{
	std::u16string Made;
	for (const unsigned char* At = reinterpret_cast<const unsigned char*>(Text); *At != 0;)
	{
		const int Tail = *At < 0x80 ? 0 : *At < 0xe0 ? 1 : *At < 0xf0 ? 2 : 3;
		uint32 Code = Tail == 0 ? *At : *At & (0x3fu >> Tail);
		++At;
		for (int N = 0; N < Tail && (*At & 0xc0) == 0x80; ++N) Code = Code << 6 | (*At++ & 63u);
		if (Code >= 0x10000)
		{
			Made += static_cast<TCHAR>(0xd800 + ((Code - 0x10000) >> 10));
			Code = 0xdc00 + ((Code - 0x10000) & 0x3ff);
		}
		Made += static_cast<TCHAR>(Code);
	}
	return Made;
}

std::u16string Fake::Format(const TCHAR* Pattern, std::initializer_list<FArgument> Arguments)
{
	std::string Made;
	const std::string Narrowed = Narrow(Pattern);
	auto Next = Arguments.begin();
	for (size_t At = 0; At < Narrowed.size(); ++At)
	{
		if (Narrowed[At] != '%')
		{
			Made += Narrowed[At];
			continue;
		}
		size_t End = At + 1;
		while (End < Narrowed.size() && std::string("0123456789.-+l").find(Narrowed[End]) != std::string::npos) ++End;
		const char Kind = Narrowed[End];
		if (Kind == '%')
		{
			Made += '%';
			At = End;
			continue;
		}
		check(Next != Arguments.end());
		char Buffer[512];
		std::string Spec = Narrowed.substr(At, End - At);
		while (!Spec.empty() && Spec.back() == 'l') Spec.pop_back();
		switch (Kind)
		{
		case 's':
			check(Next->Kind == FArgument::EKind::Text);
			Made += Narrow(Next->Text);
			break;
		case 'd':
		case 'i':
		case 'u':
			check(Next->Kind == FArgument::EKind::Integer);
			std::snprintf(Buffer, sizeof Buffer, (Spec + "lld").c_str(), Next->Integer);
			Made += Buffer;
			break;
		default:
			check((Kind == 'f' || Kind == 'g') && Next->Kind == FArgument::EKind::Real);
			std::snprintf(Buffer, sizeof Buffer, (Spec + Kind).c_str(), Next->Real);
			Made += Buffer;
		}
		++Next;
		At = End;
	}
	check(Next == Arguments.end());
	return Wide(Made.c_str());
}

int32 FString::ParseIntoArrayLines(TArray<FString>& Lines) const
{
	std::u16string Line;
	for (TCHAR C : Text + u"\n")
	{
		if (C != u'\n')
		{
			Line += C;
		}
		else if (!Line.empty())
		{
			Lines.Add(FString(std::exchange(Line, {})));
		}
	}
	return Lines.Num();
}

FString FString::Join(const TArray<FString>& Parts, const TCHAR* Between)
{
	FString Made;
	for (const FString& Part : Parts) Made = Made.IsEmpty() ? Part : Made + FString(Between) + Part;
	return Made;
}

FString FText::Filled(const FString& Pattern, std::initializer_list<FString> Arguments)
{
	const std::u16string In(*Pattern);
	std::u16string Made;
	for (size_t At = 0; At < In.size(); ++At)
	{
		if (In[At] == u'{' && At + 2 < In.size() && In[At + 2] == u'}')
		{
			const size_t Number = static_cast<size_t>(In[At + 1] - u'0');
			check(Number < Arguments.size());
			Made += *(Arguments.begin()[Number]);
			At += 2;
		}
		else
		{
			Made += In[At];
		}
	}
	return FString(Made);
}

bool FFileHelper::LoadFileToArray(TArray64<uint8>& Out, const TCHAR* Path)
{
	std::ifstream File(Fake::Narrow(Path), std::ios::binary);
	if (!File) return false;
	const std::string Bytes((std::istreambuf_iterator<char>(File)), std::istreambuf_iterator<char>());
	Out.SetNumUninitialized(static_cast<int64>(Bytes.size()));
	std::memcpy(Out.GetData(), Bytes.data(), Bytes.size());
	return true;
}

FString FPaths::ConvertRelativePathToFull(const FString& Path)
{
	check(!IsRelative(Path));
	return Path;
}

FString FPaths::ConvertRelativePathToFull(const FString& Base, const FString& Path)
{
	return IsRelative(Path) ? Combine(Base, Path) : Path;
}

namespace
{
	/** As much of JSON as metadata has. */
	class FParser
	{
	public:
		explicit FParser(const FString& In) : Text(*In) {}

		TSharedPtr<FJsonValue> All()
		{
			TSharedPtr<FJsonValue> Made = Value();
			Skip();
			return At == Text.size() && !bIsBad ? Made : nullptr;
		}

	private:
		void Skip()
		{
			while (At < Text.size() && (Text[At] == u' ' || Text[At] == u'\n' || Text[At] == u'\t' || Text[At] == u'\r')) ++At;
		}
		bool Eat(TCHAR C)
		{
			Skip();
			if (At >= Text.size() || Text[At] != C) return false;
			++At;
			return true;
		}
		void Need(TCHAR C) { bIsBad |= !Eat(C); }

		TSharedPtr<FJsonValue> Value()
		{
			const TSharedRef<FJsonValue> Made = MakeShared<FJsonValue>();
			Skip();
			if (At >= Text.size() || bIsBad)
			{
				bIsBad = true;
			}
			else if (Text[At] == u'"')
			{
				Made->Kind = FJsonValue::EKind::Text;
				Made->Text = FString(String());
			}
			else if (Eat(u'['))
			{
				Made->Kind = FJsonValue::EKind::List;
				while (!bIsBad && !Eat(u']'))
				{
					Made->List.Add(Value());
					if (!Eat(u','))
					{
						Need(u']');
						break;
					}
				}
			}
			else if (Eat(u'{'))
			{
				Made->Kind = FJsonValue::EKind::Object;
				Made->Object = MakeShared<FJsonObject>();
				while (!bIsBad && !Eat(u'}'))
				{
					Skip();
					const FString Name(String());
					Need(u':');
					Made->Object->Members.emplace_back(Name, Value());
					if (!Eat(u','))
					{
						Need(u'}');
						break;
					}
				}
			}
			else
			{
				const size_t Start = At;
				while (At < Text.size() && std::u16string(u",]} \n").find(Text[At]) == std::u16string::npos) ++At;
				const std::string Word = Fake::Narrow(Text.substr(Start, At - Start).c_str());
				char* End = nullptr;
				Made->Number = std::strtod(Word.c_str(), &End);
				const bool bIsNumber = !Word.empty() && *End == 0;
				Made->Kind = bIsNumber ? FJsonValue::EKind::Number : Word == "null" ? FJsonValue::EKind::Null : FJsonValue::EKind::Bool;
				bIsBad |= !bIsNumber && Word != "null" && Word != "true" && Word != "false";
			}
			return Made;
		}

		std::u16string String()
		{
			std::u16string Made;
			Need(u'"');
			while (At < Text.size() && Text[At] != u'"')
			{
				TCHAR C = Text[At++];
				if (C == u'\\' && At < Text.size())
				{
					C = Text[At++];
					C = C == u'n' ? u'\n' : C == u't' ? u'\t' : C == u'r' ? u'\r' : C;
					if (C == u'u')
					{
						C = static_cast<TCHAR>(std::strtol(Fake::Narrow(Text.substr(At, 4).c_str()).c_str(), nullptr, 16));
						At += 4;
					}
				}
				Made += C;
			}
			++At;
			return Made;
		}

		std::u16string Text;
		size_t At = 0;
		bool bIsBad = false;
	};
}

bool FJsonSerializer::Deserialize(const TSharedRef<TJsonReader<TCHAR>>& Reader, TSharedPtr<FJsonObject>& Out)
{
	const TSharedPtr<FJsonValue> Made = FParser(Reader->Text).All();
	Out = Made && Made->Kind == FJsonValue::EKind::Object ? Made->Object : nullptr;
	return Out.IsValid();
}
