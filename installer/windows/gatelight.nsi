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

Var Ran   ; 1: Gatelight ran from this folder, and has ended.
Var Free  ; 1: no program runs from this folder.
Var Tries
Var Purge

!macro Ending UN
; A program that runs cannot be opened for writing.
Function ${UN}IsFree
  StrCpy $Free 1
  ClearErrors
  IfFileExists "$INSTDIR\gatelight.exe" 0 +3
    FileOpen $0 "$INSTDIR\gatelight.exe" a
    FileClose $0
  IfFileExists "$INSTDIR\gatelightw.exe" 0 +3
    FileOpen $0 "$INSTDIR\gatelightw.exe" a
    FileClose $0
  IfErrors 0 +2
    StrCpy $Free 0
FunctionEnd

; End what runs from this folder, by its own command; $9 is the program that gives it. Aborts where that fails.
Function ${UN}EndRunning
  StrCpy $Ran 0
  ask:
  StrCpy $Tries 0
  look:
    Call ${UN}IsFree
    IntCmp $Free 1 ended
    StrCpy $Ran 1
    ; Told again every two seconds: one that is just starting does not hear yet.
    IntOp $0 $Tries % 8
    IntCmp $0 0 0 wait wait
      nsExec::Exec '"$9" stop'
      Pop $0
    wait:
    Sleep 250
    IntOp $Tries $Tries + 1
    IntCmp $Tries 60 0 look 0
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION \
    "${NAME} still runs from this folder, perhaps in a terminal, or as a relay ($\"gatelight relay stop NAME$\" ends it). Please end it, then choose Retry." /SD IDCANCEL IDRETRY ask
  SetErrorLevel 2
  Abort "${NAME} still runs, and nothing was changed."
  ended:
FunctionEnd
!macroend
!insertmacro Ending ""
!insertmacro Ending "un."

; Move a file or folder of the program, where it is there. Sets the error flag where that fails.
!macro Move FROM TO
  IfFileExists "${FROM}" 0 +2
    Rename "${FROM}" "${TO}"
!macroend
!macro MoveAll FROM TO
  !insertmacro Move "${FROM}\gatelight.exe" "${TO}\gatelight.exe"
  !insertmacro Move "${FROM}\gatelightw.exe" "${TO}\gatelightw.exe"
  !insertmacro Move "${FROM}\_internal" "${TO}\_internal"
!macroend

Section "${NAME}" Program
  SectionIn RO
  ; Whole beside the old one first: a setup that is broken off here has changed nothing.
  RMDir /r "$INSTDIR\new"
  SetOutPath "$INSTDIR\new"
  File /r "${FOLDER}/*"
  SetOutPath "$INSTDIR"
  StrCpy $9 "$INSTDIR\new\gatelight.exe"
  Call EndRunning
  RMDir /r "$INSTDIR\old"
  CreateDirectory "$INSTDIR\old"
  ClearErrors
  !insertmacro MoveAll "$INSTDIR" "$INSTDIR\old"
  IfErrors back
  !insertmacro MoveAll "$INSTDIR\new" "$INSTDIR"
  IfErrors 0 moved
  back:
    !insertmacro MoveAll "$INSTDIR\old" "$INSTDIR"
    RMDir /r "$INSTDIR\new"
    RMDir "$INSTDIR\old"
    SetErrorLevel 2
    Abort "Files in $INSTDIR are in use by another program; nothing was changed."
  moved:
  RMDir /r "$INSTDIR\new"
  RMDir /r "$INSTDIR\old"
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

Function .onInit
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
  StrCpy $Purge 0
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PURGE" $1
  IfErrors +2
    StrCpy $Purge 1
FunctionEnd

Section Uninstall
  StrCpy $9 "$INSTDIR\gatelight.exe"
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
  RMDir /r "$INSTDIR\new"
  RMDir /r "$INSTDIR\old"
  Delete "$INSTDIR\gatelight.exe"
  Delete "$INSTDIR\gatelightw.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  IntCmp $Purge 1 0 kept kept
    RMDir /r "$LOCALAPPDATA\gatelight"
  kept:
SectionEnd
