; The setup of Gatelight for one user: no administrator, 64 bit. `installer/build_windows.py` runs this.
; Defines: VERSION, FOLDER (the packaged program), ICON, OUT, and where it is signed SIGN (a command; a file name follows).
; setup.exe      /S silent; /AUTOSTART with the start at log-in; /D=C:\folder, as the last and without quotes, where to.
; uninstall.exe  /S silent; /PURGE removes settings, history and log, which otherwise stay.
Unicode true
!include MUI2.nsh
!include FileFunc.nsh
!include WordFunc.nsh
!include Sections.nsh
!define NAME "Gatelight"
!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
; Made when the first notice is shown.
!define NOTICES "Software\Classes\AppUserModelId\${NAME}"
; In the program's folder: the version that is being installed, and, with a number, each that was there before it.
!define NEW "gatelight-new"
!define ASIDE "gatelight-old-"
Name "${NAME}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
RequestExecutionLevel user
AllowSkipFiles off
!ifdef QUICK
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  ; Megabytes; all of the program is seen at once.
  SetCompressorDictSize 64
!endif
ManifestDPIAware true
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "${NAME}"
VIAddVersionKey CompanyName "${NAME}"
VIAddVersionKey FileDescription "${NAME} setup"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey LegalCopyright "MIT licence"
!ifdef SIGN
  ; The uninstaller first: it is a part of the setup.
  !uninstfinalize '${SIGN} "%1"'
  !finalize '${SIGN} "%1"'
!endif
!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\gatelightw.exe"
!define MUI_FINISHPAGE_RUN_PARAMETERS "run"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English

Var Ran    ; 1: Gatelight ran from this folder, and has ended.
Var Free   ; 1: nothing stands in the way.
Var Tries
Var Purge
Var Aside  ; The folder that the earlier version is moved to.
Var Stuck  ; 1: something could not be moved.

; How CreateFileW opens a program, with all sharing. GENERIC_WRITE is refused while it runs; DELETE, which moving it
; needs, only while it runs and may load more of its files: see `agent/platforms/loaded_files.py`.
!define GENERIC_WRITE 0x40000000
!define DELETE 0x00010000

!macro Ending UN ACCESS
; Clear $Free unless the program $1 can be opened like that, or is not there.
Function ${UN}TryProgram
  IfFileExists "$1" 0 done
  System::Call 'kernel32::CreateFileW(w r1, i ${ACCESS}, i 7, p 0, i 3, i 0, p 0) p .r0'
  IntPtrCmp $0 -1 0 opened opened
    StrCpy $Free 0
    Return
  opened:
  System::Call 'kernel32::CloseHandle(p r0)'
  done:
FunctionEnd
Function ${UN}TryFolder
  StrCpy $4 $1
  StrCpy $1 "$4\gatelight.exe"
  Call ${UN}TryProgram
  StrCpy $1 "$4\gatelightw.exe"
  Call ${UN}TryProgram
FunctionEnd

; End what runs from this folder, by its own command; $9 is the program that gives it. Aborts where that fails.
Function ${UN}EndRunning
  StrCpy $Ran 0
  ask:
  StrCpy $Tries 0
  look:
    Call ${UN}IsFree
    IntCmp $Free 1 ended
    ; Told again every two seconds: one that is just starting does not hear yet.
    IntOp $0 $Tries % 8
    IntCmp $0 0 0 wait wait
      Call ${UN}TellEnd
    wait:
    Sleep 250
    IntOp $Tries $Tries + 1
    IntCmp $Tries 60 0 look 0
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION \
    "${NAME} still runs from this folder, perhaps in a terminal or with another data folder. Please end it, then choose Retry." /SD IDCANCEL IDRETRY ask
  RMDir /r "$INSTDIR\${NEW}"
  SetErrorLevel 2
  Abort "${NAME} still runs, and nothing was changed."
  ended:
FunctionEnd
!macroend

!insertmacro Ending "" ${DELETE}
!insertmacro Ending "un." ${GENERIC_WRITE}

; An update: relays go on, so that no program loses its connection.
Function IsFree
  StrCpy $Free 1
  StrCpy $1 "$INSTDIR"
  Call TryFolder
FunctionEnd
Function TellEnd
  nsExec::Exec '"$9" stop'
  Pop $0
  StrCmp $0 0 0 +2
    StrCpy $Ran 1
FunctionEnd

; A removal: relays end as well, those of earlier versions too.
Function un.IsFree
  StrCpy $Free 1
  StrCpy $1 "$INSTDIR"
  Call un.TryFolder
  FindFirst $2 $3 "$INSTDIR\${ASIDE}*"
  each:
    StrCmp $3 "" all
    StrCpy $1 "$INSTDIR\$3"
    Call un.TryFolder
    FindNext $2 $3
    Goto each
  all:
  FindClose $2
FunctionEnd
Function un.TellEnd
  nsExec::Exec '"$9" stop'
  Pop $0
  nsExec::Exec '"$9" relay stop --all'
  Pop $0
FunctionEnd

; Move a folder: on the stack from where, and on top of it to where. Whole, or else one by one: Windows lets a file that a
; relay has loaded be moved, though not always the folder that it lies in.
Function MoveFolder
  Exch $R1
  Exch
  Exch $R0
  Push $R2
  Push $R3
  IfFileExists "$R1\*.*" one_by_one
  ClearErrors
  Rename "$R0" "$R1"
  IfErrors 0 moved
  one_by_one:
  CreateDirectory "$R1"
  FindFirst $R2 $R3 "$R0\*.*"
  each:
    StrCmp $R3 "" all
    StrCmp $R3 "." next
    StrCmp $R3 ".." next
    IfFileExists "$R0\$R3\*.*" 0 file
      Push "$R0\$R3"
      Push "$R1\$R3"
      Call MoveFolder
      Goto next
    file:
      ClearErrors
      Rename "$R0\$R3" "$R1\$R3"
      IfErrors 0 next
        StrCpy $Stuck 1
    next:
    FindNext $R2 $R3
    Goto each
  all:
  FindClose $R2
  ; Stays where a program is in it; that hinders nothing.
  RMDir "$R0"
  moved:
  Pop $R3
  Pop $R2
  Pop $R0
  Pop $R1
FunctionEnd

; Move the programs, or all else. $Stuck is 1 where something stays.
!macro MovePrograms FROM TO
  ClearErrors
  IfFileExists "${FROM}\gatelight.exe" 0 +2
    Rename "${FROM}\gatelight.exe" "${TO}\gatelight.exe"
  IfFileExists "${FROM}\gatelightw.exe" 0 +2
    Rename "${FROM}\gatelightw.exe" "${TO}\gatelightw.exe"
  IfErrors 0 +2
    StrCpy $Stuck 1
!macroend
!macro MoveInternal FROM TO
  IfFileExists "${FROM}\_internal\*.*" 0 +4
    Push "${FROM}\_internal"
    Push "${TO}\_internal"
    Call MoveFolder
!macroend

; Remove what earlier versions left; files that a relay has loaded stay until the next time.
!macro RemoveAside UN
Function ${UN}RemoveAside
  FindFirst $0 $1 "$INSTDIR\${ASIDE}*"
  each:
    StrCmp $1 "" all
    ; A folder of the user's own may be called like that.
    IfFileExists "$INSTDIR\$1\_internal\*.*" +4
    IfFileExists "$INSTDIR\$1\gatelight*.exe" +3
    RMDir "$INSTDIR\$1"
    Goto next
    RMDir /r "$INSTDIR\$1"
    next:
    FindNext $0 $1
    Goto each
  all:
  FindClose $0
FunctionEnd
!macroend
!insertmacro RemoveAside ""
!insertmacro RemoveAside "un."

Section "${NAME}" Program
  SectionIn RO
  ; The folder may be the user's own: what another program keeps there under this name is not ours to move.
  IfFileExists "$INSTDIR\_internal\*.*" 0 ours
  IfFileExists "$INSTDIR\gatelight.exe" ours
  IfFileExists "$INSTDIR\${ASIDE}*" ours
    SetErrorLevel 2
    Abort "$INSTDIR has files of another program; nothing was changed. Please choose a folder of its own for ${NAME}."
  ours:
  ; Whole beside the old one first: a setup that is broken off here has changed nothing.
  RMDir /r "$INSTDIR\${NEW}"
  SetOutPath "$INSTDIR\${NEW}"
  File /r "${FOLDER}/*"
  SetOutPath "$INSTDIR"
  StrCpy $9 "$INSTDIR\${NEW}\gatelight.exe"
  Call EndRunning
  StrCpy $Tries 1
  StrCpy $Aside "$INSTDIR\${ASIDE}1"
  taken:
    IfFileExists "$Aside\*.*" 0 +4
    IntOp $Tries $Tries + 1
    StrCpy $Aside "$INSTDIR\${ASIDE}$Tries"
    Goto taken
  CreateDirectory "$Aside"
  StrCpy $Stuck 0
  ; The programs first: one that was started just now is held in its place.
  !insertmacro MovePrograms "$INSTDIR" "$Aside"
  IntCmp $Stuck 1 back
  !insertmacro MoveInternal "$INSTDIR" "$Aside"
  IntCmp $Stuck 1 back
  !insertmacro MoveInternal "$INSTDIR\${NEW}" "$INSTDIR"
  IntCmp $Stuck 1 all_back
  !insertmacro MovePrograms "$INSTDIR\${NEW}" "$INSTDIR"
  IntCmp $Stuck 0 moved
  all_back:
    !insertmacro MovePrograms "$INSTDIR" "$INSTDIR\${NEW}"
    !insertmacro MoveInternal "$INSTDIR" "$INSTDIR\${NEW}"
  back:
    StrCpy $Stuck 0
    !insertmacro MoveInternal "$Aside" "$INSTDIR"
    !insertmacro MovePrograms "$Aside" "$INSTDIR"
    RMDir /r "$INSTDIR\${NEW}"
    RMDir "$Aside"
    SetErrorLevel 2
    IntCmp $Stuck 0 +2
      Abort "Another program uses files in $INSTDIR, so that not all could be put back. Please end it, and run this setup again."
    Abort "Files in $INSTDIR are in use by another program; nothing was changed."
  moved:
  RMDir /r "$INSTDIR\${NEW}"
  Call RemoveAside
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortCut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\gatelightw.exe" "run" "$INSTDIR\gatelightw.exe" 0 SW_SHOWNORMAL "" "Watches the link to TWS and IB Gateway"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "${NAME}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\gatelightw.exe"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" "$0"
  ; What ran before runs again; as at a log-in, so that no page opens.
  IntCmp $Ran 1 0 done done
    Exec '"$INSTDIR\gatelightw.exe" run --autostart'
  done:
SectionEnd

Section /o "Start at log-in" Autostart
  nsExec::Exec '"$INSTDIR\gatelight.exe" autostart on'
  Pop $0
SectionEnd

; Two setups at a time would undo each other's work; Windows removes the name with the process.
!macro OnlyOne UN
Function ${UN}OnlyOne
  System::Call 'kernel32::CreateMutexW(p 0, i 1, w "Local\GatelightSetup") p ?e'
  Pop $0
  ; ERROR_ALREADY_EXISTS
  StrCmp $0 183 0 alone
  MessageBox MB_OK|MB_ICONEXCLAMATION "Another setup of ${NAME} runs. Please wait for its end, then try again." /SD IDOK
  SetErrorLevel 2
  Quit
  alone:
FunctionEnd
!macroend
!insertmacro OnlyOne ""
!insertmacro OnlyOne "un."

Function .onInit
  Call OnlyOne
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/AUTOSTART" $1
  IfErrors +2
    SectionSetFlags ${Autostart} ${SF_SELECTED}
  ReadRegStr $0 HKCU "${UNINSTALL}" "DisplayVersion"
  StrCmp $0 "" fine
  ${VersionCompare} "$0" "${VERSION}" $1
  StrCmp $1 1 0 fine
  MessageBox MB_YESNO|MB_ICONQUESTION "${NAME} $0 is installed, and this is the older ${VERSION}. Go back to it?" /SD IDYES IDYES fine
  Quit
  fine:
FunctionEnd

Function un.onInit
  Call un.OnlyOne
  StrCpy $Purge 0
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PURGE" $1
  IfErrors +2
    StrCpy $Purge 1
FunctionEnd

Section Uninstall
  StrCpy $9 "$INSTDIR\gatelight.exe"
  nsExec::Exec '"$9" relay status'
  Pop $0
  StrCmp $0 0 0 no_relay
    MessageBox MB_YESNO|MB_ICONEXCLAMATION|MB_DEFBUTTON2 \
      "A relay of ${NAME} runs. Programs that are connected through it will lose their connection to TWS. Uninstall all the same?" /SD IDYES IDYES no_relay
    Abort "Nothing was changed."
  no_relay:
  Call un.EndRunning
  IntCmp $Purge 1 decided
  MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 \
    "Remove your settings, the history and the log of ${NAME} as well?" /SD IDNO IDNO decided
    StrCpy $Purge 1
  decided:
  ; The start at log-in may be that of another installation; the command begins with the program, in quotes or not.
  ReadRegStr $0 HKCU "${RUN}" "${NAME}"
  StrLen $1 "$INSTDIR\"
  StrCpy $2 $0 $1
  StrCmp $2 "$INSTDIR\" ours
  StrCpy $2 $0 $1 1
  StrCmp $2 "$INSTDIR\" ours others
  ours:
    DeleteRegValue HKCU "${RUN}" "${NAME}"
    DeleteRegValue HKCU "${APPROVED}" "${NAME}"
  others:
  DeleteRegKey HKCU "${NOTICES}"
  DeleteRegKey HKCU "${UNINSTALL}"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  ; By name: the folder may be the user's own, with other things in it.
  RMDir /r "$INSTDIR\_internal"
  RMDir /r "$INSTDIR\${NEW}"
  Call un.RemoveAside
  Delete "$INSTDIR\gatelight.exe"
  Delete "$INSTDIR\gatelightw.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  IntCmp $Purge 1 0 kept kept
    RMDir /r "$LOCALAPPDATA\gatelight"
  kept:
SectionEnd
